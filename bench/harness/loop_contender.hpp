// A contender whose case is a loop that every thread of a team runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

#include "contender.hpp"
#include "team.hpp"

namespace bench {

// How many seconds a slice takes: threads that share a core get slices of several time slices of the
// scheduler, so that they are preempted as often as they would be in a program that runs for long.
inline double slice_seconds(unsigned threads) {
  return threads > std::thread::hardware_concurrency() ? 0.0025 * threads : 0.002;
}

// How many repeats take about that long; `run(n)` runs n of them and returns the seconds it took. Warms up.
// The shortest of three runs counts, and of as many repeats as are returned: after a run that was held up
// all slices would be so short that they measure the start of the threads. (One system in ten processes or
// so was 5 to 30 times as slow as it is, for a whole report.)
template <class Run>
std::size_t repeats_of_a_slice(unsigned threads, Run run) {
  const double seconds = slice_seconds(threads);
  for (std::size_t repeats = 16;;) {
    const double took = std::min({run(repeats), run(repeats), run(repeats)});
    if (took > seconds * 3 / 4) return repeats;
    repeats = 1 + static_cast<std::size_t>(static_cast<double>(repeats) * std::min(4.0, seconds / took));
  }
}

// Some systems want to be told of the threads that use them: what their member thread_scope() returns lives
// as long as a thread's part in a slice.
template <class System>
auto enter_thread(System& system) {
  if constexpr (requires { system.thread_scope(); }) {
    return system.thread_scope();
  } else {
    return 0;
  }
}

// A Case is a type with
//   name                          a word for the report
//   operations                    how many operations one repeat stands for
//   state<System>                 what a thread keeps from one slice to the next; a member `thread`, if
//                                 there is one, is set to the number of the thread
//   run(system, state, repeats)   the loop that is measured
// The metric is `ns`, the wall time of one operation as each thread sees it: the length of the slice
// divided by the operations that each thread did. With more threads than cores it includes the waiting.
template <class Case, class System>
class loop_contender final : public contender {
 public:
  explicit loop_contender(team& crew) : crew_(crew), states_(crew.size()) {
    if constexpr (requires { states_[0].state.thread; }) {
      for (unsigned i = 0; i < crew.size(); ++i) states_[i].state.thread = i;
    }
    repeats_ = repeats_of_a_slice(crew.size(), [this](std::size_t n) { return run(n); });
  }
  ~loop_contender() override {
    [[maybe_unused]] const auto scope = enter_thread(system_);
    states_.clear();  // what they hold goes back
  }

  readings slice() override {
    return {{"ns", run(repeats_) * 1e9 / static_cast<double>(repeats_ * Case::operations)}};
  }

 private:
  struct alignas(128) padded {
    typename Case::template state<System> state;
  };

  double run(std::size_t repeats) {
    return crew_.run([this, repeats](unsigned i) {
      [[maybe_unused]] const auto scope = enter_thread(system_);
      run_flat(system_, states_[i].state, repeats);
    });
  }
  // Systems that share a source share what the cases call besides them, and it was inlined for none of them
  // (std::vector's emplace_back() was 40 % of starvation): an unfair comparison with those that have a
  // source of their own.
  template <class State>
  [[gnu::flatten]] static void run_flat(System& system, State& mine, std::size_t repeats) {
    Case::run(system, mine, repeats);
  }

  team& crew_;
  System system_;
  std::vector<padded> states_;
  std::size_t repeats_ = 0;
};

}  // namespace bench
