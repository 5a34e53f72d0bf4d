// Every object exactly once, whatever the scheduler, the collector and CPU hotplug do.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "guest.hpp"
#include "runtime.hpp"

namespace ebb::vm {
namespace {

std::atomic<std::uint64_t> alive{0};
std::atomic<std::uint64_t> bad{0};
std::atomic<std::uint64_t> operations{0};
std::atomic<bool> stop{false};

struct token {
  token() { alive.fetch_add(1, std::memory_order_relaxed); }
  ~token() {
    if (out.load(std::memory_order_relaxed)) bad.fetch_add(1, std::memory_order_relaxed);
    alive.fetch_sub(1, std::memory_order_relaxed);
  }
  std::atomic<bool> out{false};
  // Each the other's complement: not atomic, as what users keep in their objects.
  std::uint64_t value = 0;
  std::uint64_t complement = ~std::uint64_t{0};
};

void get_and_put(object_pool<token>& pool, std::uint64_t seed) {
  std::array<pooled<token>, 80> held;  // more than a magazine holds
  std::uint64_t random = seed * 0x9e3779b97f4a7c15u + 1;
  std::uint64_t done = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    pooled<token>& slot = held[random / 1024 % (random % 1024 == 0 ? held.size() : 4)];
    if (slot) {
      slot->value = random;
      slot->complement = ~random;
      slot->out.store(false, std::memory_order_relaxed);
      slot.reset();
    } else {
      slot = pool.get();
      const bool twice = slot->out.exchange(true, std::memory_order_relaxed);
      if (twice || slot->value != ~slot->complement) bad.fetch_add(1, std::memory_order_relaxed);
    }
    if (++done % 64 == 0) {
      operations.fetch_add(64, std::memory_order_relaxed);
      (void)sched_yield();
    }
  }
  for (pooled<token>& slot : held) {
    if (slot) slot->out.store(false, std::memory_order_relaxed);
    slot.reset();
  }
}

bool switch_cpu_1(char state) {
  const int fd = ::open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);
  const bool done = fd >= 0 && ::write(fd, &state, 1) == 1;
  (void)::close(fd);
  if (!done) std::printf("vm: stress: CPU 1 cannot be switched\n");
  return done;
}

// Cycles and fences until the threads have done some work.
bool phase(std::uint64_t work) {
  const std::uint64_t end = operations.load(std::memory_order_relaxed) + work;
  bool fenced = true;
  for (int cycles = 0; cycles < 20 || operations.load(std::memory_order_relaxed) < end; ++cycles) {
    collect();
    fenced = fenced && detail::fence();
    (void)sched_yield();
  }
  if (!fenced) std::printf("vm: stress: membarrier failed\n");
  return fenced;
}

}  // namespace

outcome stress(bool hotplug) {
  constexpr std::uint64_t work = 100'000;
  std::uint64_t failed = 0;
  {
    object_pool<token> pool;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) {
      threads.emplace_back([&pool, i] {
        if (i < 2) run_on_cpu(i);  // the kernel moves the one of CPU 1 when that goes away
        get_and_put(pool, i);
      });
    }
    if (!phase(work)) ++failed;
    if (hotplug && !switch_cpu_1('0')) ++failed;
    if (!phase(work)) ++failed;
    if (hotplug && !switch_cpu_1('1')) ++failed;
    if (!phase(work)) ++failed;
    stop = true;
    for (std::thread& t : threads) t.join();
  }
  const runtime_information info = runtime_info();
  std::printf("vm: stress operations %lu cycles %lu abandoned %lu lost %lu bad %lu hotplug %s\n",
              operations.load(), info.cycles, info.cycles_abandoned, alive.load(), bad.load(),
              hotplug ? "yes" : "no");
  return {info.cycles, failed + bad + alive + info.cycles_abandoned};
}

}  // namespace ebb::vm
