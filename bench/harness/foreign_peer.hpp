// A system in a process of its own, in another language, that runs the same loops when it is told to.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>

#include "peer.hpp"

namespace bench {

// The process reads commands from its standard input and answers each with a line:
//   open CASE THREADS   ok, or no and a reason: makes a pool and the threads
//   run REPEATS         readings, as name=value ...: seconds=, how long the slowest took. In `shifting`
//   also
//                       made= and gets=, how many objects were made for how many gets. In `latency_*`
//                       REPEATS is a number of milliseconds, and the readings are the metrics of the case;
//                       in `bounded_crowd_*` it is, too, and the readings are what from_foreign() there
//                       asks for
//   close               ok
// It begins with `ready VERSION`, waits without using the CPU, and ends with its input.
class foreign_peer final : public peer {
 public:
  // Starts the process; `description` is NAME=COMMAND, and the shell takes the command apart.
  // Throws std::runtime_error when it does not answer `ready`.
  explicit foreign_peer(const std::string& description);

  [[nodiscard]] std::unique_ptr<contender> start(std::string_view case_name, team& crew) const override;

 private:
  struct process;
  explicit foreign_peer(const std::string& name, std::shared_ptr<process> p);

  std::shared_ptr<process> process_;
};

}  // namespace bench
