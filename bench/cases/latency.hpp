// How long single gets and single puts take, and not only on average:
//   latency_alone      one thread
//   latency_crowded    16 threads: where they share cores, some are preempted inside an operation
//   latency_cycles     one thread, while another one has the system give memory back every 10 ms
//   latency_uncycled   the control of that: the other thread wakes as often and uses the CPU as long
// The metrics are get_p50 ... get_max and put_p50 ... put_max in ns, of all operations of a slice by all
// threads. Each includes one reading of the clock, and clock_p50 is how long that takes. Between two cycles
// are some 50,000 pairs, so what a cycle does to the first one after it shows above the 99.99th percentile.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "harness/latencies.hpp"
#include "harness/loop_contender.hpp"
#include "harness/thread_clock.hpp"

namespace bench {

enum class latency_kind { alone, crowded, cycles, uncycled };

template <latency_kind Kind>
struct latency_case {
  static constexpr bool needs_cycles = Kind == latency_kind::cycles || Kind == latency_kind::uncycled;
  static constexpr const char* name = Kind == latency_kind::alone     ? "latency_alone"
                                      : Kind == latency_kind::crowded ? "latency_crowded"
                                      : Kind == latency_kind::cycles  ? "latency_cycles"
                                                                      : "latency_uncycled";
  // Long enough for a 99.99th percentile, and among 16 threads for some turns of each.
  static constexpr std::chrono::milliseconds slice_length{Kind == latency_kind::alone     ? 20
                                                          : Kind == latency_kind::crowded ? 80
                                                                                          : 40};
  static bool takes(unsigned threads) { return threads == (Kind == latency_kind::crowded ? 16 : 1); }

  // Foreign systems are told slice_length, and answer with the metrics.
  static readings from_foreign(readings answer) { return answer; }

  template <class System>
  class contender_type final : public contender {
   public:
    explicit contender_type(team& crew) : crew_(crew), seen_(crew.size()) {
      if constexpr (needs_cycles) measure_cycles();
      (void)slice();
    }

    readings slice() override {
      if constexpr (Kind == latency_kind::cycles) {
        const ticker other([this] {
          [[maybe_unused]] const auto scope = enter_thread(system_);
          system_.cycle();
        });
        return time_slice();
      } else if constexpr (Kind == latency_kind::uncycled) {
        const ticker other([this] { burn(cycle_length_); });
        return time_slice();
      } else {
        return time_slice();
      }
    }

   private:
    readings time_slice() {
      const auto end = std::chrono::steady_clock::now() + slice_length;
      crew_.run([&](unsigned i) {
        [[maybe_unused]] const auto scope = enter_thread(system_);
        seen_[i] = time_operations(system_, end);
      });
      latencies all;
      for (const latencies& one : seen_) all.add(one);
      return all.in_ns();
    }

    // How long the CPU is busy with one cycle among threads at work: the median.
    void measure_cycles() {
      std::vector<std::chrono::nanoseconds> lengths;
      {
        const ticker other([&] {
          [[maybe_unused]] const auto scope = enter_thread(system_);
          const auto before = thread_cpu_time();
          system_.cycle();
          lengths.push_back(thread_cpu_time() - before);
        });
        (void)time_slice();
      }
      std::ranges::nth_element(lengths, lengths.begin() + lengths.size() / 2);
      cycle_length_ = lengths[lengths.size() / 2];
    }

    team& crew_;
    System system_;
    std::vector<latencies> seen_;
    std::chrono::nanoseconds cycle_length_{};
  };
  template <class System>
    requires(!needs_cycles || requires(System system) { system.cycle(); })
  using contender_of = contender_type<System>;
};

}  // namespace bench
