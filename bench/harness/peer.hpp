// What the suite knows of the systems that hand out objects. A file in peers/ for each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alone/tasks.hpp"
#include "contender.hpp"
#include "team.hpp"

namespace bench {

struct peer_facts {
  std::string name;                               // a word: letters, digits and underscores
  std::function<std::string()> version = {};      // empty: part of this repository
  std::function<std::string()> why_missing = {};  // why the system cannot be used here; "": it can
};

class peer {
 public:
  explicit peer(peer_facts facts);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  virtual ~peer() = default;

  [[nodiscard]] const std::string& name() const { return facts_.name; }
  [[nodiscard]] std::string version() const { return facts_.version ? facts_.version() : ""; }
  [[nodiscard]] std::string why_missing() const { return facts_.why_missing ? facts_.why_missing() : ""; }

  // Null when the system does not take part in the case with so many threads.
  [[nodiscard]] virtual std::unique_ptr<contender> start(std::string_view case_name, team& crew) const = 0;

  // What the main() of a process returns that does nothing but this.
  [[nodiscard]] virtual int run_alone(const alone_task& task) const;

 private:
  peer_facts facts_;
};

// All of them, by name.
[[nodiscard]] std::vector<const peer*> all_peers();

// Throws std::invalid_argument when there is none of that name that can be used here.
[[nodiscard]] const peer& peer_of(std::string_view name);

}  // namespace bench
