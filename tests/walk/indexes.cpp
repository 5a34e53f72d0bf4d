#include "indexes.hpp"

#include <sched.h>

#include <cstdio>
#include <cstdlib>

namespace ebb::walk {

namespace {

// Neither neighbours nor in a multiple's distance.
constexpr std::array<std::uint32_t, 2> made_up_ids{3, 13};
thread_local volatile std::uint32_t made_up = made_up_ids[0];

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
  run_on(0);
}

void kernel_index::run_on(unsigned which) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu_[which], &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) {
    std::perror("walk: sched_setaffinity");
    std::_Exit(2);
  }
  at_ = which;
}

void kernel_index::migrate() noexcept { run_on(1 - at_); }

}  // namespace ebb::walk
