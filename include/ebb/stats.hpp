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

  std::uint64_t dropped_aged = 0;           ///< exact: by cycles: unused for two.
  std::uint64_t dropped_over_max_idle = 0;  ///< exact: destroyed because `max_idle` was reached.
  std::uint64_t dropped_rejected = 0;       ///< exact: `recycle` returned false, or threw.
  std::uint64_t dropped_no_memory = 0;      ///< exact: no memory to keep them in.
  std::uint64_t dropped_at_random = 0;      ///< exact: by EBB_RANDOM in a checked build; otherwise 0.

  std::uint64_t idle = 0;      ///< exact: objects in the pool now, the victim included.
  std::uint64_t detached = 0;  ///< exact: objects that left for good by pooled::detach().
  std::uint64_t cycles = 0;    ///< exact: cycles this pool has been through since its first put.

  /// Adds another pool's numbers; `cycles` becomes the larger of the two.
  constexpr pool_stats& operator+=(const pool_stats& other) noexcept;

  /// Objects the pool destroyed, for all reasons. Exact.
  [[nodiscard]] constexpr std::uint64_t destroyed() const noexcept {
    return dropped_aged + dropped_over_max_idle + dropped_rejected + dropped_no_memory + dropped_at_random;
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
  dropped_over_max_idle += other.dropped_over_max_idle;
  dropped_rejected += other.dropped_rejected;
  dropped_no_memory += other.dropped_no_memory;
  dropped_at_random += other.dropped_at_random;
  idle += other.idle;
  detached += other.detached;
  cycles = cycles > other.cycles ? cycles : other.cycles;
  return *this;
}

}  // namespace ebb
