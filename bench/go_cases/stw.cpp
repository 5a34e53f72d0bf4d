// PoolSTW: nobody stops the world here, so what is measured is what a working thread sees while a cycle
// runs over pools that hold many objects.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "cases.hpp"

namespace bench::go {

namespace {

using clock = std::chrono::steady_clock;

constexpr int pooled_objects = 100'000;

double nanoseconds(clock::duration d) { return std::chrono::duration<double, std::nano>(d).count(); }

// A thread that works on a pool of its own and remembers the longest time between two of its operations in
// each window that the benchmark opens.
class gap_watch {
 public:
  explicit gap_watch(std::size_t windows) : longest_(windows + 1), thread_([this] { work(); }) {}

  // relaxed: a window that opens or closes an operation late is the same window
  void open(std::size_t window) { window_.store(window, std::memory_order_relaxed); }
  void close() { open(closed); }

  // Ends the thread. Returns the gaps in ns by window.
  const std::vector<double>& finish() {
    open(end);
    thread_.join();
    return longest_;
  }

 private:
  static constexpr std::size_t closed = 0;
  static constexpr std::size_t end = ~std::size_t{0};

  void work() {
    ebb::object_pool<boxed> pool;
    auto last = clock::now();
    for (;;) {
      { ebb::pooled<boxed> held = pool.get(); }
      const auto now = clock::now();
      const std::size_t window = window_.load(std::memory_order_relaxed);
      if (window == end) return;
      longest_[window] = std::max(longest_[window], nanoseconds(now - last));
      last = now;
    }
  }

  std::atomic<std::size_t> window_{closed};
  std::vector<double> longest_;  // written by the thread, read after it ended; [closed] is of no interest
  std::thread thread_;
};

}  // namespace

void pool_stw(unsigned, const amount& wanted, json_line& out) {
  const std::size_t cycles = wanted.operations;
  ebb::object_pool<boxed> pool;
  gap_watch watch(2 * cycles);
  std::vector<double> collects;
  for (std::size_t i = 0; i < cycles; ++i) {
    for (int k = 0; k < pooled_objects; ++k) pool.put(std::make_unique<boxed>());
    watch.open(2 * i + 1);
    const auto start = clock::now();
    ebb::collect();
    const auto took = clock::now() - start;
    watch.open(2 * i + 2);  // as long, without a cycle
    while (clock::now() - start < 2 * took) {}
    watch.close();
    collects.push_back(nanoseconds(took));
  }
  const std::vector<double>& gaps = watch.finish();
  std::vector<double> during;
  std::vector<double> without;
  for (std::size_t i = 1; i < gaps.size(); i += 2) {
    during.push_back(gaps[i]);
    without.push_back(gaps[i + 1]);
  }
  for (const int percent : {50, 95}) {
    out.add_percentile("collect", collects, percent);
    out.add_percentile("gap_during", during, percent);
    out.add_percentile("gap_without", without, percent);
  }
}

}  // namespace bench::go
