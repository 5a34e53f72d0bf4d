// Single get+put pairs of busy threads, in short blocks of four kinds that take turns: with and without
// cycles, on a pool and (the control) on nothing. In the blocks without cycles the ticking thread wakes as
// often and uses the CPU as long, so that the scheduler treats the users alike.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "harness/payload.hpp"
#include "harness/ticks.hpp"
#include "histogram.hpp"
#include "measurements.hpp"
#include "thread_clock.hpp"

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto block_length = std::chrono::milliseconds{40};
constexpr auto tick = std::chrono::milliseconds{1};

struct kind {
  const char* name;
  bool on_pool;
  bool cycles;
};
constexpr std::array kinds{
    kind{"pool_with_cycles", true, true},
    kind{"pool_without", true, false},
    kind{"control_with_cycles", false, true},
    kind{"control_without", false, false},
};

struct quantile {
  const char* name;
  double share;
};
constexpr std::array quantiles{
    quantile{"50th", 0.5},
    quantile{"99th", 0.99},
    quantile{"99.99th", 0.9999},
    quantile{"99.999th", 0.99999},
};

class users {
 public:
  // Runs one block. Returns what all threads measured, in ticks.
  histogram block(const kind& k, std::chrono::nanoseconds& cycle_length) {
    std::vector<histogram> seen(busy_threads);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (histogram& mine : seen) {
      threads.emplace_back(
          [this, &mine, &stop, &k] { k.on_pool ? work<true>(mine, stop) : work<false>(mine, stop); });
    }
    const auto end = clock::now() + block_length;
    for (auto next = clock::now() + tick; next < end; next += tick) {
      std::this_thread::sleep_until(next);
      if (k.cycles) {
        const auto before = thread_cpu_time();
        ebb::collect();
        cycle_length = thread_cpu_time() - before;
      } else {
        burn(cycle_length);
      }
    }
    stop.store(true, std::memory_order_relaxed);  // relaxed: joining orders the histograms
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 1; i < seen.size(); ++i) seen[0].add(seen[i]);
    return seen[0];
  }

 private:
  template <bool OnPool>
  void work(histogram& mine, const std::atomic<bool>& stop) {
    histogram times;  // on this thread's stack: no line is shared
    while (!stop.load(std::memory_order_relaxed)) {
      const std::uint64_t start = ticks();
      if constexpr (OnPool) {
        ebb::pooled<payload> object = pool_.get();
        touch(*object, start);
      }
      times.add(ticks() - start);
    }
    mine = times;
  }

  ebb::object_pool<payload> pool_;
};

}  // namespace

void measure_users(unsigned blocks, json_line& out) {
  const double tick_ns = ns_per_tick();
  users all;
  std::chrono::nanoseconds cycle_length{};
  std::array<std::array<std::vector<double>, quantiles.size()>, kinds.size()> results;
  for (unsigned round = 0; round < blocks; ++round) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const histogram seen = all.block(kinds[i], cycle_length);
      for (std::size_t q = 0; q < quantiles.size(); ++q) {
        const auto value = static_cast<double>(seen.percentile(quantiles[q].share));
        results[i][q].push_back(value * tick_ns);
      }
    }
  }
  out.add("blocks", blocks);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    for (std::size_t q = 0; q < quantiles.size(); ++q) {
      const std::string name = std::string(kinds[i].name) + "_" + quantiles[q].name;
      for (const int percent : {10, 50, 90}) out.add_percentile(name, results[i][q], percent);
    }
  }
}

}  // namespace bench
