// The collector: cycles that give back what no pool has used for two of them.
#pragma once

#include <chrono>

#include <ebb/detail/config.hpp>

namespace ebb {

/// The period of background cycles until set_cycle_period() or EBB_CYCLE_PERIOD_MS says otherwise.
inline constexpr std::chrono::milliseconds default_cycle_period{5000};

/// The longest period set_cycle_period() takes: one year.
inline constexpr std::chrono::milliseconds max_cycle_period{std::chrono::hours{24 * 365}};

/// Runs one cycle over every pool in the process: what the last cycle retired and nobody used since is
/// destroyed, what is idle now becomes the victim. Two calls in a row destroy all that is idle.
/// Returns      when the objects this cycle retired have been destroyed, or are being destroyed by
///              another thread that also runs a cycle.
/// Throws       nothing.
/// Threads      safe from any thread, also from an object's destructor. Destructors run on the calling
///              thread, under no lock.
/// Cost         one membarrier for the whole process, the destructors, and for each pool about 0.2 us where
///              pools have 2 shards and are up to 1,000, 0.7 us where they are 10,000 (docs/tuning.md).
/// Ordering     what was done to an object before put() happens-before its destructor.
/// Unlike Go    callable; Go runs it at each garbage collection, with the world stopped. [poolCleanup]
EBB_API void collect() noexcept;

/// Sets how often a background thread runs a cycle; 0 switches it off and leaves only collect().
/// An unused object dies with the second cycle after its last put, within four periods at most. The wait
/// between cycles adapts between a quarter of the period and twice the period: it halves after a cycle that
/// destroyed half or more of what was idle, and doubles after one that destroyed a sixteenth or less. So it
/// takes two to four periods where the load had been even, and less where it often falls. While no pool
/// holds anything no cycle runs; while memory is short (ebb/pressure.hpp) the wait is the shortest. With 0
/// nobody listens to the kernel's memory pressure.
/// Throws       std::invalid_argument when `period` is negative or longer than max_cycle_period.
/// Threads      safe from any thread. The new period counts from this call.
/// Cost         a mutex; never on the path of get or put.
/// Unlike Go    Go's period is the garbage collector's. The default is default_cycle_period, or the
///              environment variable EBB_CYCLE_PERIOD_MS (0 .. max_cycle_period, in milliseconds).
EBB_API void set_cycle_period(std::chrono::milliseconds period);

/// Sets what is called after cycles of the background thread, and after those that pressure causes, that
/// destroyed 1 MiB or more since the last call, so that memory goes back to the kernel and not only to the
/// allocator. An object counts as sizeof(T), but at least 1 KiB. The default is malloc_trim(0) where the C
/// library is glibc, which keeps most of what is freed; nullptr calls nothing. Programs with another
/// allocator set its function: tcmalloc's MallocExtension_ReleaseFreeMemory, a mallctl("arena.4096.purge")
/// of jemalloc.
/// Throws       nothing. An exception of `trim` ends the program.
/// Threads      safe from any thread; `trim` is called on the background thread, or by report_pressure(),
///              under no lock.
/// Cost         none here. malloc_trim takes the lock of one arena after the other while it returns what
///              is free there (8 ms after 64 MiB in objects of 1 KiB, 123 ms after 1 GiB: Cycles in
///              docs/benchmarks_part_2.md). Threads that need more than their own cache of malloc()
///              has wait meanwhile. Hits of pools never do.
/// Unlike Go    Go's runtime gives memory back by itself, over minutes.
EBB_API void set_trim(void (*trim)()) noexcept;

/// Returns      the period that was set; 0 when background cycles are off.
/// Throws       nothing.
/// Threads      safe from any thread.
/// Cost         a mutex.
[[nodiscard]] EBB_API std::chrono::milliseconds cycle_period() noexcept;

}  // namespace ebb
