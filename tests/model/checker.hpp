// A model checker for small scenarios: runs every interleaving of a few threads with up to `bound`
// preemptions and, for each atomic load, every store that C++ lets it see.
//
// - Threads are fibers of one thread of the system. Execution n + 1 repeats the decisions of execution n up
// to the
//   last one that has an alternative left. Memory is what it was: every first write notes what it
//   overwrites.
// - Atomic operations come in through ebb/detail/atomics.hpp; plain reads and writes through the calls that
//   the compiler's -fsanitize=thread inserts (plain.cpp answers them, ThreadSanitizer is not linked). So
//   all plain data of the library and of the scenario is checked for data races, and none has to be marked.
// - Decisions are taken before steps on shared locations only: those that two threads were seen to use, one
// of
//   them writing. When a location turns out to be shared, exploration starts again from the beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>

namespace ebb::model {

inline constexpr int max_threads = 4;

struct result {
  std::uint64_t executions = 0;
  std::set<std::uint64_t> observed;  // what observe() was called with
};

// Runs `threads` in every way from the state of memory that it finds, and `at_end` after each; it may look
// at everything, and change what it likes. Ends the process when something is wrong.
using body = void (*)();
result explore(std::initializer_list<body> threads, body at_end);

// The running execution is wrong.
[[noreturn]] void fail(const char* what);
inline void check(bool holds, const char* what) {
  if (!holds) fail(what);
}
// How often a thread of this execution yielded: what tries a lock so many times may have given up.
[[nodiscard]] int times_yielded() noexcept;
// Notes an outcome; survives the execution.
void observe(std::uint64_t outcome);

// --- for the set-up of a scenario ---------------------------------------------------------------------
// What traces call these bytes.
void name(const void* at, std::size_t bytes, const char* what);
// Counters and hints: loads see the last store and learn nothing from it, and no decision is taken before a
// step on them.
void uninteresting(const void* at, std::size_t bytes);
// Each thread has a value of its own there, and begins with what is there now. Up to 16 bytes, one such
// place.
void local_to_each_thread(void* at, std::size_t bytes);
struct settings {
  int bound = 3;        // preemptions
  int most_old = 1000;  // loads that do not see the last store; a scenario of many steps sets a bound
  std::uint64_t max_executions = 20'000'000;
  std::uint32_t max_steps = 4000;  // of one execution: more is a livelock
  bool trace = false;
};
[[nodiscard]] settings& options() noexcept;

// Ends of the process: wrong is what a mutant must reach.
enum exit_code { all_is_well = 0, wrong = 1, bad_arguments = 2, gave_up = 3 };
// The checker's own limits; nothing is said about the scenario.
[[noreturn]] void give_up(const char* why);

}  // namespace ebb::model
