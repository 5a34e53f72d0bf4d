// Runs one case on one system and on the two thread-local lists in turns of a few milliseconds, so that
// whatever else the machine does hits all of them alike and the ratios of one round can be trusted more
// than the times. Google Benchmark gives names, filters, output and the machine's description.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

#include "statistics.hpp"
#include "systems/tls_list.hpp"
#include "systems/tls_raw.hpp"
#include "team.hpp"

namespace bench {

// How much to measure; from the command line.
struct plan {
  unsigned rounds = 0;  // when every thread has a core; a quarter of it when threads share cores
};

// A Case is a type with
//   name                          a word for the report
//   operations                    how many operations one repeat stands for
//   state<System>                 what a thread keeps from one slice to the next
//   run(system, state, repeats)   the loop that is measured
template <class Case, class System>
class contender {
 public:
  explicit contender(team& crew) : crew_(crew), states_(crew.size()) {
    // Threads that share a core get slices of several time slices of the scheduler, so that they are
    // preempted as often as they would be in a program that runs for long.
    const bool sharing = crew.size() > std::thread::hardware_concurrency();
    const double seconds = sharing ? 0.0025 * crew.size() : 0.002;
    while (run() < seconds / 4) repeats_ *= 2;
    const double took = run();
    repeats_ = 1 + static_cast<std::size_t>(static_cast<double>(repeats_) * seconds / took);
  }

  // Wall time in nanoseconds of one operation, as each thread sees it: the length of the slice divided
  // by the operations that each thread did. With more threads than cores it includes the waiting.
  double slice() { return run() * 1e9 / static_cast<double>(repeats_ * Case::operations); }

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

template <class Case, class System>
void run_side_by_side(benchmark::State& state, unsigned threads) {
  team crew(threads);
  contender<Case, System> subject(crew);
  contender<Case, tls_list> list(crew);
  contender<Case, tls_raw> raw(crew);
  std::vector<double> times;
  std::vector<double> list_ratios;
  std::vector<double> raw_ratios;
  bool forwards = true;
  for (auto _ : state) {
    // Every other round runs backwards: nobody always follows the same neighbour.
    const double first = forwards ? list.slice() : raw.slice();
    const double time = subject.slice();
    const double last = forwards ? raw.slice() : list.slice();
    state.SetIterationTime(time * 1e-9);
    times.push_back(time);
    list_ratios.push_back(time / (forwards ? first : last));
    raw_ratios.push_back(time / (forwards ? last : first));
    forwards = !forwards;
  }
  report_spread(state, "ns", times);
  report_spread(state, "vs_tls_list", list_ratios);
  report_spread(state, "vs_tls_raw", raw_ratios);
}

template <class Case, class System>
void register_contender(const plan& p, unsigned threads) {
  std::string name = Case::name;
  name.append("/").append(System::name).append("/threads:").append(std::to_string(threads));
  const bool sharing = threads > std::thread::hardware_concurrency();
  benchmark::RegisterBenchmark(
      name.c_str(), [threads](benchmark::State& state) { run_side_by_side<Case, System>(state, threads); })
      ->UseManualTime()
      ->Iterations(sharing ? p.rounds / 4 + 1 : p.rounds);
}

template <class Case, class... Systems>
void register_case(const plan& p, std::initializer_list<unsigned> threads) {
  for (const unsigned n : threads) (register_contender<Case, Systems>(p, n), ...);
}

}  // namespace bench
