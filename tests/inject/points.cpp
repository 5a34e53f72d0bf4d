// The variables and functions of points.hpp.
#include "points.hpp"

#include "disturb.hpp"

extern "C" {
thread_local constinit std::uint32_t ebb_inject_early = 0;
thread_local constinit std::uint32_t ebb_inject_late = 0;
thread_local constinit std::uint32_t ebb_inject_early_left = 0;
thread_local constinit std::uint32_t ebb_inject_late_left = 0;
thread_local constinit std::uint32_t ebb_inject_trap = 0;
alignas(128) std::uint64_t ebb_inject_aborts = 0;
}

void inject::point() noexcept {
  disturb::at_point();
  disturb::chances& mine = disturb::mine;
  if (mine.trap_one_in == 0 || mine.in_handler || mine.luck.roll(mine.trap_one_in) != 0) return;
  ebb_inject_trap = mine.luck.roll(2) + 1;
}
