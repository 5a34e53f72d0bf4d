// What a system is asked to do in a process of its own, because what counts is the process: its memory, or
// what is left of its threads. A program of a foreign system takes the same command line.
#pragma once

#include <cstdint>
#include <variant>

namespace bench {

// memory SYSTEM BYTES THREADS: memory.hpp
struct memory_task {
  static constexpr const char* name = "memory";
  std::uint64_t bytes;
  unsigned threads;
};

// churn SYSTEM COUNT: churn.hpp
struct churn_task {
  static constexpr const char* name = "churn";
  std::uint64_t count;
};

// pools SYSTEM COUNT: pools.hpp
struct pools_task {
  static constexpr const char* name = "pools";
  std::uint64_t count;
};

// count SYSTEM: counts/count_task.hpp, under ebb_step
struct count_task {
  static constexpr const char* name = "count";
};

using alone_task = std::variant<memory_task, churn_task, pools_task, count_task>;

// The exit status of a system that a task does not apply to.
inline constexpr int no_part = 3;

}  // namespace bench
