// Threads that start together, and the clock-free ways to make them collide.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <ebb/detail/config.hpp>

namespace ebb::test {

// Runs `body(index)` on `count` threads, all let go at once; returns when all are done.
template <class Body>
void run_together(int count, Body body) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&ready, &body, count, i] {
      ready.fetch_add(1);
      while (ready.load() < count) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& t : threads) t.join();
}

// Pins the calling thread to the n-th of the CPUs the process may use (modulo their number).
inline void run_on_cpu(int n) {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    (void)sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  int left = n % CPU_COUNT(&allowed);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

// xorshift64 (Marsaglia 2003): repeatable, and no two threads share it.
class dice {
 public:
  explicit dice(int seed) : state_(0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(seed + 1)) {}
  std::uint32_t roll(std::uint32_t sides) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(state_ >> 32) % sides;
  }

 private:
  std::uint64_t state_;
};

// How much less a test may do in a sanitizer build, so that it takes about as long.
inline constexpr bool under_tsan = EBB_TSAN != 0;
inline constexpr int slowdown = under_tsan ? 20 : EBB_ASAN != 0 ? 5 : 1;

}  // namespace ebb::test
