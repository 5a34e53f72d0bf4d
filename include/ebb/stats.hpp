// Snapshots of what a pool did and holds: plain structs, every number with its unit and its exactness.
#pragma once

#include <cstdint>

namespace ebb {

/// What object_pool::stats() returns. All numbers are objects unless they say otherwise.
///
/// "Exact" means exact once the threads using the pool are quiet; while they work, a snapshot is a
/// sum of counters read one after another, each of them exact by itself.
///
/// The hit path counts nothing, so an object that goes from the loaded magazine to a caller and back
/// leaves no trace. What depends on it is a lower bound, and says so.
struct pool_stats {
  std::uint64_t made = 0;  ///< exact: objects that `make` returned to this pool's get().
  std::uint64_t reused_own =
      0;  ///< lower bound: gets answered by the loaded magazine of the caller's shard.
  std::uint64_t reused_depot = 0;   ///< exact: gets answered by the depot of the caller's shard.
  std::uint64_t reused_stolen = 0;  ///< exact: gets answered by another shard's depot.
  std::uint64_t reused_victim = 0;  ///< exact: gets answered by the victim, what the last cycle retired.
  std::uint64_t missed = 0;         ///< exact: gets and try_gets that found nothing idle.
  std::uint64_t put = 0;  ///< lower bound: objects known to have been put (kept, handed on, or dropped).

  // By eviction_reason. (`closed` is missing: then there is no pool left to ask.)
  std::uint64_t dropped_aged = 0;         ///< exact: by cycles: unused for two.
  std::uint64_t dropped_over_budget = 0;  ///< exact: a budget was reached, or lowered.
  std::uint64_t dropped_pressure = 0;     ///< exact: memory was short.
  std::uint64_t dropped_drained = 0;      ///< exact: by drain() and drain_all().
  std::uint64_t dropped_rejected = 0;     ///< exact: `recycle` returned false, or threw.
  std::uint64_t dropped_no_memory = 0;    ///< exact: no memory to keep them in.
  std::uint64_t dropped_at_random = 0;    ///< exact: by EBB_RANDOM in a checked build; otherwise 0.

  std::uint64_t idle = 0;        ///< exact: objects in the pool now, the victim included.
  std::uint64_t idle_bytes = 0;  ///< bytes: `idle` times what an object of this pool counts for.
  std::uint64_t idle_peak = 0;   ///< lower bound: the most that cycles and snapshots have seen idle.
  std::uint64_t detached = 0;    ///< exact: objects that left for good by pooled::detach().
  std::uint64_t cycles = 0;      ///< exact: cycles this pool has been through since its first put.

  std::uint64_t recent_reused = 0;  ///< lower bound: gets answered by an idle object since the last cycle.
  std::uint64_t recent_missed = 0;  ///< exact: as `missed`, since the last cycle.

  /// Adds another pool's numbers; `cycles` becomes the larger of the two.
  constexpr pool_stats& operator+=(const pool_stats& other) noexcept;

  /// Objects the pool destroyed, for all reasons. Exact.
  [[nodiscard]] constexpr std::uint64_t destroyed() const noexcept {
    return dropped_aged + dropped_over_budget + dropped_pressure + dropped_drained + dropped_rejected +
           dropped_no_memory + dropped_at_random;
  }

  /// Gets answered by an idle object, from whichever source. Lower bound, as `reused_own` is.
  [[nodiscard]] constexpr std::uint64_t reused() const noexcept {
    return reused_own + reused_depot + reused_stolen + reused_victim;
  }

  /// Of the gets since the last cycle that left a trace, the share that found an object, 0 .. 1; 1 when
  /// there was none. Lower bound: most hits leave no trace.
  [[nodiscard]] constexpr double hit_ratio() const noexcept {
    const std::uint64_t gets = recent_reused + recent_missed;
    return gets == 0 ? 1.0 : static_cast<double>(recent_reused) / static_cast<double>(gets);
  }

  /// Objects callers hold now. Exact if nothing was ever adopted by put(std::unique_ptr<T>), which the
  /// hit path cannot count; otherwise too low by what was adopted (never below 0).
  [[nodiscard]] constexpr std::uint64_t in_use() const noexcept {
    const std::uint64_t gone = idle + destroyed() + detached;
    return made > gone ? made - gone : 0;
  }
};

constexpr pool_stats& pool_stats::operator+=(const pool_stats& other) noexcept {
  made += other.made;
  reused_own += other.reused_own;
  reused_depot += other.reused_depot;
  reused_stolen += other.reused_stolen;
  reused_victim += other.reused_victim;
  missed += other.missed;
  put += other.put;
  dropped_aged += other.dropped_aged;
  dropped_over_budget += other.dropped_over_budget;
  dropped_pressure += other.dropped_pressure;
  dropped_drained += other.dropped_drained;
  dropped_rejected += other.dropped_rejected;
  dropped_no_memory += other.dropped_no_memory;
  dropped_at_random += other.dropped_at_random;
  idle += other.idle;
  idle_bytes += other.idle_bytes;
  idle_peak += other.idle_peak;
  recent_reused += other.recent_reused;
  recent_missed += other.recent_missed;
  detached += other.detached;
  cycles = cycles > other.cycles ? cycles : other.cycles;
  return *this;
}

}  // namespace ebb
