// Real servers of a test's own: in a folder of their own, on a free port of the loopback interface, gone
// with the test.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <connections/descriptor.hpp>
#include <support/temporary_folder.hpp>

namespace ebb::test {

// Where a program is, empty if it is not installed. Debian keeps PostgreSQL's out of PATH.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

// Runs a program to its end. False if it could not be run, or did not end with 0. What it prints goes to
// the end of the file `log`.
[[nodiscard]] bool run(const std::vector<std::string>& command, const std::filesystem::path& log);

// A program that runs beside the test under a shell. It is the shell's child, which was started before
// there were any connections: a fork of the test itself would hold all of them open for a moment. The shell
// ends it as soon as the test is gone, however that ended.
class supervised_program {
 public:
  supervised_program() noexcept = default;
  ~supervised_program() { end(); }
  supervised_program(const supervised_program&) = delete;
  supervised_program& operator=(const supervised_program&) = delete;
  // `signal` is what ends it: "KILL", or where that would leave children behind, what does not. It prints
  // to `folder`/log; the folder goes with the program.
  void start(const std::vector<std::string>& command, const std::string& signal,
             const std::filesystem::path& folder);
  // Ends it, and starts it again.
  void restart();

 private:
  void end() noexcept;
  ::pid_t shell_ = -1;
  descriptor orders_;
  descriptor reports_;
};

class redis_server {
 public:
  // Empty if it can be run, else why not.
  [[nodiscard]] static std::string missing();
  redis_server();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Killed, and started again on the same port; returns when it answers.
  void restart();

 private:
  void wait_until_it_answers() const;
  temporary_folder folder_;
  std::uint16_t port_;
  supervised_program server_;
};

class postgres_server {
 public:
  [[nodiscard]] static std::string missing();
  // With the role "caller", which may have so many connections: the server itself refuses any more.
  explicit postgres_server(int connection_limit);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Without a goodbye to anybody, and with a recovery; returns when it answers.
  void restart();
  // Ends all sessions of "caller", and returns when they are gone; how many there were.
  int terminate_all();

 private:
  void wait_until_it_answers() const;
  temporary_folder folder_;
  std::uint16_t port_;
  supervised_program server_;
};

}  // namespace ebb::test
