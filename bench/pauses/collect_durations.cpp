// collect() with busy threads. On a machine with fewer cores than threads most of the wall time of the
// worst calls is the collecting thread's wait for a core. So each call is reported with that wait taken
// off, and next to a control that uses the CPU as long as collect() does and touches no pool. The objects
// are not malloc's: its arenas have locks, and to free an object is to wait for whoever was preempted with
// one (seen: 2 to 8 ms with 4 busy threads on 2 cores), which says nothing about the pool.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "harness/payload.hpp"
#include "harness/thread_clock.hpp"
#include "measurements.hpp"
#include "slot.hpp"

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

// Gets and puts in bursts, so that depots and victims are never empty.
class busy_users {
 public:
  busy_users() {
    for (unsigned i = 0; i < busy_threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~busy_users() {
    stop_.store(true, std::memory_order_relaxed);  // relaxed: publishes nothing
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void work() {
    while (!stop_.load(std::memory_order_relaxed)) {
      std::array<ebb::pooled<slot>, 40> held;
      for (auto& object : held) {
        object = pool_.get();
        touch(*object, 1);
      }
    }
  }

  std::atomic<bool> stop_{false};
  ebb::object_pool<slot> pool_;
  std::vector<std::thread> threads_;
};

struct durations {
  std::vector<double> wall;
  std::vector<double> without_wait;

  template <class Work>
  void measure(const run_queue_wait& wait, Work work) {
    const double waited = wait.ns();
    const auto start = clock::now();
    work();
    const std::chrono::duration<double, std::nano> took = clock::now() - start;
    wall.push_back(took.count());
    without_wait.push_back(took.count() - (wait.ns() - waited));
  }

  void report(const std::string& name, json_line& out) const {
    for (const int percent : {50, 99, 100}) {
      out.add_percentile(name + "_wall", wall, percent);
      out.add_percentile(name + "_without_wait", without_wait, percent);
    }
  }
};

}  // namespace

void measure_collect(unsigned calls, json_line& out) {
  const run_queue_wait wait;
  const busy_users users;
  durations collects;
  durations controls;
  for (unsigned i = 0; i < calls; ++i) {
    std::chrono::nanoseconds used{};
    std::this_thread::sleep_for(std::chrono::microseconds{300});
    collects.measure(wait, [&used] {
      const auto before = thread_cpu_time();
      ebb::collect();
      used = thread_cpu_time() - before;
    });
    std::this_thread::sleep_for(std::chrono::microseconds{300});
    controls.measure(wait, [used] { burn(used); });
  }
  out.add("calls", calls);
  out.add("wait_known", wait.known());
  collects.report("collect", out);
  controls.report("control", out);
}

}  // namespace bench
