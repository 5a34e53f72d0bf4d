// Single operations, each timed by itself.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "contender.hpp"
#include "histogram.hpp"
#include "payload.hpp"
#include "ticks.hpp"

namespace bench {

// What one thread, or all of them, saw; in ticks.
struct latencies {
  histogram clock;
  histogram get;
  histogram put;

  void add(const latencies& other) {
    clock.add(other.clock);
    get.add(other.get);
    put.add(other.put);
  }
  [[nodiscard]] readings in_ns() const {
    static const double tick_ns = ns_per_tick();
    readings result;
    const auto report = [&](const std::string& metric, std::uint64_t length) {
      result.push_back({metric, static_cast<double>(length) * tick_ns});
    };
    const auto report_all = [&](const std::string& operation, const histogram& lengths) {
      report(operation + "_p50", lengths.percentile(0.5));
      report(operation + "_p99", lengths.percentile(0.99));
      report(operation + "_p99.9", lengths.percentile(0.999));
      report(operation + "_p99.99", lengths.percentile(0.9999));
      report(operation + "_max", lengths.max());
    };
    report_all("get", get);
    report_all("put", put);
    report("clock_p50", clock.percentile(0.5));
    return result;
  }
};

// Times operations of the calling thread until then.
template <class System>
latencies time_operations(System& system, std::chrono::steady_clock::time_point end) {
  latencies seen;
  while (std::chrono::steady_clock::now() < end) {
    for (std::uint64_t i = 0; i < 64; ++i) {
      const std::uint64_t before = ticks_in_order();
      const std::uint64_t start = ticks_in_order();
      typename System::item object = system.get();
      const std::uint64_t got = ticks_in_order();
      touch(*object, i);
      const std::uint64_t used = ticks_in_order();
      system.put(object);
      const std::uint64_t done = ticks_in_order();
      seen.clock.add(start - before);
      seen.get.add(got - start);
      seen.put.add(done - used);
    }
  }
  return seen;
}

// A thread that wakes every 10 ms for as long as this lives, and works; at least once.
class ticker {
 public:
  template <class Work>
  explicit ticker(Work work)
      : thread_([this, work] {
          auto next = clock::now();
          do {
            work();
            next = std::max(next + std::chrono::milliseconds{10}, clock::now());
            std::this_thread::sleep_until(next);
          } while (!stop_.load(std::memory_order_relaxed));
        }) {}
  ~ticker() {
    stop_.store(true, std::memory_order_relaxed);  // relaxed: publishes nothing
    thread_.join();
  }
  ticker(const ticker&) = delete;
  ticker& operator=(const ticker&) = delete;

 private:
  using clock = std::chrono::steady_clock;

  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace bench
