// Runs one case on one system and on those it is compared with in turns of a few milliseconds, so that
// whatever else the machine does hits all of them alike and the ratios of one round can be trusted more
// than the times. Google Benchmark gives names, filters, output and the machine's description.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "statistics.hpp"
#include "team.hpp"

namespace bench {

// How much to measure; from the command line.
struct plan {
  unsigned rounds = 0;  // when every thread has a core; a quarter of it when threads share cores
};

// The systems that a system is compared with.
template <class... Systems>
struct versus {};

// One system on one case.
class contender {
 public:
  contender() = default;
  contender(const contender&) = delete;
  contender& operator=(const contender&) = delete;
  virtual ~contender() = default;

  // Runs for some milliseconds. Returns the wall time in nanoseconds of one operation, as each thread sees
  // it: the length of the slice divided by the operations that each thread did. With more threads than
  // cores it includes the waiting.
  virtual double slice() = 0;
};

// A Case is a type with
//   name                          a word for the report
//   operations                    how many operations one repeat stands for
//   state<System>                 what a thread keeps from one slice to the next; a member `thread`, if
//                                 there is one, is set to the number of the thread
//   run(system, state, repeats)   the loop that is measured
template <class Case, class System>
class contender_on final : public contender {
 public:
  explicit contender_on(team& crew) : crew_(crew), states_(crew.size()) {
    if constexpr (requires { states_[0].state.thread; }) {
      for (unsigned i = 0; i < crew.size(); ++i) states_[i].state.thread = i;
    }
    // Threads that share a core get slices of several time slices of the scheduler, so that they are
    // preempted as often as they would be in a program that runs for long.
    const bool sharing = crew.size() > std::thread::hardware_concurrency();
    const double seconds = sharing ? 0.0025 * crew.size() : 0.002;
    while (run() < seconds / 4) repeats_ *= 2;
    const double took = run();
    repeats_ = 1 + static_cast<std::size_t>(static_cast<double>(repeats_) * seconds / took);
  }

  double slice() override { return run() * 1e9 / static_cast<double>(repeats_ * Case::operations); }

 private:
  struct alignas(128) padded {
    typename Case::template state<System> state;
  };

  double run() {
    return crew_.run([this](unsigned i) { Case::run(system_, states_[i].state, repeats_); });
  }

  team& crew_;
  System system_;
  std::vector<padded> states_;  // destroyed before system_: what they hold goes back to it
  std::size_t repeats_ = 16;
};

inline void report_spread(benchmark::State& state, const std::string& name,
                          const std::vector<double>& samples) {
  const spread s = spread_of(samples);
  state.counters[name] = s.median;
  state.counters[name + "_p10"] = s.p10;
  state.counters[name + "_p90"] = s.p90;
}

inline std::vector<double> ratios(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> result(above.size());
  std::ranges::transform(above, below, result.begin(), std::divides<>());
  return result;
}

template <class Case, class System, class... Others>
void run_side_by_side(benchmark::State& state, unsigned threads, versus<Others...>) {
  team crew(threads);
  std::vector<std::unique_ptr<contender>> lineup;
  (lineup.push_back(std::make_unique<contender_on<Case, Others>>(crew)), ...);
  // In the middle, so that the others are its neighbours.
  const std::size_t middle = (lineup.size() + 1) / 2;
  lineup.insert(lineup.begin() + static_cast<std::ptrdiff_t>(middle),
                std::make_unique<contender_on<Case, System>>(crew));
  std::vector<std::vector<double>> times(lineup.size());
  bool forwards = true;
  for (auto _ : state) {
    // Every other round runs backwards: nobody always follows the same neighbour.
    for (std::size_t k = 0; k < lineup.size(); ++k) {
      const std::size_t next = forwards ? k : lineup.size() - 1 - k;
      times[next].push_back(lineup[next]->slice());
    }
    state.SetIterationTime(times[middle].back() * 1e-9);
    forwards = !forwards;
  }
  const std::vector<double> mine = times[middle];
  report_spread(state, "ns", mine);
  times.erase(times.begin() + static_cast<std::ptrdiff_t>(middle));
  const char* const names[] = {Others::name...};
  for (std::size_t i = 0; i < times.size(); ++i) {
    report_spread(state, std::string("ns_of_").append(names[i]), times[i]);
    report_spread(state, std::string("vs_").append(names[i]), ratios(mine, times[i]));
  }
}

template <class Case, class Others, class System>
void register_contender(const plan& p, unsigned threads) {
  std::string name = Case::name;
  name.append("/").append(System::name).append("/threads:").append(std::to_string(threads));
  const bool sharing = threads > std::thread::hardware_concurrency();
  benchmark::RegisterBenchmark(
      name.c_str(),
      [threads](benchmark::State& state) { run_side_by_side<Case, System>(state, threads, Others()); })
      ->UseManualTime()
      ->Iterations(sharing ? p.rounds / 4 + 1 : p.rounds);
}

// Each of the Systems against the Others, which are a versus<...>.
template <class Case, class Others, class... Systems>
void register_case(const plan& p, std::initializer_list<unsigned> threads) {
  for (const unsigned n : threads) (register_contender<Case, Others, Systems>(p, n), ...);
}

}  // namespace bench
