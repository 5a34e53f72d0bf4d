#include "indexes.hpp"

#include <sched.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "runtime.hpp"

namespace ebb::walk {

namespace {

// Neither neighbours nor in a multiple's distance.
constexpr std::array<std::uint32_t, 2> made_up_ids{3, 13};
thread_local volatile std::uint32_t made_up = made_up_ids[0];

void run_on(int cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) == 0) return;
  std::perror("walk: sched_setaffinity");
  std::_Exit(2);
}

}  // namespace

made_up_index::made_up_index() noexcept
    : layout_{percpu::layout.area, reinterpret_cast<const volatile char*>(&made_up) -
                                       static_cast<const char*>(__builtin_thread_pointer())} {}

void made_up_index::migrate() noexcept {
  made_up = made_up == made_up_ids[0] ? made_up_ids[1] : made_up_ids[0];
}

kernel_index::kernel_index() noexcept {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  (void)::sched_getaffinity(0, sizeof allowed, &allowed);
  unsigned found = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) cpu_[found++] = cpu;
  }
  if (found < 2) cpu_[1] = cpu_[0];
  if (can_migrate() && this_runtime().index == shard_index::mm_cid) {
    companion_ = std::jthread([cpu = cpu_[1]](const std::stop_token& stop) {
      run_on(cpu);
      while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    });
  }
  run_on(cpu_[0]);
}

void kernel_index::migrate() noexcept {
  at_ = 1 - at_;
  run_on(cpu_[at_]);
}

}  // namespace ebb::walk
