// What the stress is run under.
#pragma once

#include <array>
#include <cstdint>

struct setting {
  const char* name;
  std::uint32_t threads = 4;        // workers for each 2 CPUs
  std::uint32_t delay_ns = 0;       // inside a section
  std::uint32_t delay_one_in = 1;   // operations
  std::uint32_t trap_one_in = 0;    // rounds in which a section runs into a breakpoint; 0: never
  std::uint32_t yield_percent = 0;  // after operations, and at each point of a slow path
  std::uint32_t timer_us = 0;       // each worker's own
  std::uint32_t floods = 0;         // threads that do nothing but membarrier
  std::uint32_t freeze_one_in = 0;  // points, and signals
  std::uint32_t churn = 0;          // rounds that a thread lives; 0: for ever
  bool one_cpu = false;
  bool refuse_fences = false;  // of 32 cycles in a row, by the library's own seam
  bool change_bounds = false;  // one more thread: bounds, the process's budget, drain_all(), all_pools()
  bool injected = true;        // needs the build with injection
  bool needs_rseq = true;
};

// One collector runs cycles back to back in all of them. 4 workers are 2 for each CPU here, 12 are 6, 32
// are 16. A flood of fences does what a missing one would have done, so the long delays go without.
inline constexpr std::array settings{
    setting{.name = "plain", .injected = false, .needs_rseq = false},
    setting{.name = "plain-crowd", .threads = 32, .timer_us = 50, .injected = false, .needs_rseq = false},
    setting{.name = "delay-20us", .threads = 2, .delay_ns = 20'000, .delay_one_in = 16},
    setting{.name = "traps", .trap_one_in = 2},
    setting{.name = "traps-crowd", .threads = 32, .trap_one_in = 2, .yield_percent = 1, .timer_us = 50},
    setting{.name = "refused", .threads = 2, .delay_ns = 20'000, .delay_one_in = 16, .refuse_fences = true},
    setting{.name = "bounds",
            .delay_ns = 200,
            .trap_one_in = 4,
            .timer_us = 50,
            .change_bounds = true,
            .needs_rseq = false},
    setting{.name = "timers", .threads = 12, .timer_us = 50, .needs_rseq = false},
    setting{.name = "delay-4us", .threads = 12, .delay_ns = 4000, .delay_one_in = 8, .timer_us = 50},
    setting{.name = "delay-200ns", .delay_ns = 200, .trap_one_in = 4, .floods = 1},
    setting{.name = "yield-25", .threads = 12, .yield_percent = 25, .timer_us = 50, .needs_rseq = false},
    setting{.name = "yield-50", .threads = 32, .yield_percent = 50, .timer_us = 50},
    setting{.name = "yield-100", .trap_one_in = 4, .yield_percent = 100, .needs_rseq = false},
    setting{.name = "churn",
            .threads = 12,
            .yield_percent = 10,
            .timer_us = 50,
            .churn = 50,
            .needs_rseq = false},
    setting{.name = "frozen", .threads = 12, .trap_one_in = 8, .timer_us = 50, .freeze_one_in = 2000},
    setting{.name = "one-cpu",
            .threads = 12,
            .delay_ns = 200,
            .trap_one_in = 8,
            .timer_us = 50,
            .floods = 1,
            .one_cpu = true},
    setting{.name = "everything",
            .threads = 12,
            .delay_ns = 4000,
            .delay_one_in = 64,
            .trap_one_in = 8,
            .yield_percent = 10,
            .timer_us = 50,
            .floods = 1,
            .freeze_one_in = 5000,
            .churn = 500,
            .change_bounds = true},
};
