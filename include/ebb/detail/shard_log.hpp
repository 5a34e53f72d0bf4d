// What the slow path notes about one shard; the hit path counts nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/shard.hpp>
#include <ebb/eviction.hpp>
#include <ebb/stats.hpp>

namespace ebb::detail {

// What is counted; pool_stats says what each number means.
enum class event : std::uint8_t {
  made,
  missed,
  reused_own,
  reused_depot,
  reused_stolen,
  reused_victim,
  put,
  dropped_over_budget,
  dropped_pressure,
  dropped_rejected,
  detached,
  // These are rare, and counted only in the pool's log.
  dropped_aged,
  dropped_drained,
  dropped_no_memory,
  dropped_at_random,
};
inline constexpr std::size_t shard_events = static_cast<std::size_t>(event::detached) + 1;
inline constexpr std::size_t all_events = static_cast<std::size_t>(event::dropped_at_random) + 1;

[[nodiscard]] constexpr bool is_counted_by_shard(event e) noexcept {
  return static_cast<std::size_t>(e) < shard_events;
}

// The drop that a reason is counted as. Closed pools count no more.
[[nodiscard]] constexpr event drop_for(eviction_reason reason) noexcept {
  switch (reason) {
    case eviction_reason::over_budget: return event::dropped_over_budget;
    case eviction_reason::pressure: return event::dropped_pressure;
    case eviction_reason::drained: return event::dropped_drained;
    case eviction_reason::rejected: return event::dropped_rejected;
    case eviction_reason::no_memory: return event::dropped_no_memory;
    case eviction_reason::at_random: return event::dropped_at_random;
    case eviction_reason::aged:
    case eviction_reason::closed: break;
  }
  return event::dropped_aged;
}

// For a log that threads of several shards share: what happens before the first put, what the collector
// finds in other threads' shards, and what is rare.
struct pool_log {
  std::array<atomic<std::uint64_t>, all_events> counts{};

  void add(event e, std::uint64_t n) noexcept {
    if (n != 0) counts[static_cast<std::size_t>(e)].fetch_add(n, std::memory_order_relaxed);
  }
  void add_to(pool_stats& sum) const noexcept;
};

// One per shard, written under its id by percpu::add(): exact, and without an atomic read-modify-write on
// the rseq path. Read by stats(), and by the collector. All relaxed: a count orders nothing.
struct alignas(64) shard_log {
  std::array<atomic<std::uint64_t>, shard_events> counts{};
  // Room set aside, less what was given up, while the pool has no bound; wraps around. The sum over all
  // shards is what a bound begins with.
  atomic<std::uint64_t> room{0};

  // Objects the next magazine of this shard may hold: 1 until a burst was seen, like Go's `private`.
  atomic<std::uint32_t> capacity{1};
  // Seen in this cycle: a full magazine went to the depot; one came back from it after that, a burst.
  atomic<bool> spill_seen{false};
  atomic<bool> refill_seen{false};
  // Where memory of whoever parked here last is near; kept up to date under steal::same_node_first alone.
  atomic<std::uint32_t> node{0};

  [[nodiscard]] static constexpr std::size_t offset_of(event e) noexcept {
    return static_cast<std::size_t>(e) * sizeof(std::uint64_t);  // counts come first
  }
  static constexpr std::size_t offset_of_room = shard_events * sizeof(std::uint64_t);
  void add_to(pool_stats& sum) const noexcept;

  void note_refill(std::uint32_t limit) noexcept {
    if (!spill_seen.load(std::memory_order_relaxed)) return;
    if (!refill_seen.load(std::memory_order_relaxed)) {
      refill_seen.store(true, std::memory_order_relaxed);
    }
    grow(limit);
  }
  // The next magazines hold twice as many.
  void grow(std::uint32_t limit) noexcept {
    const std::uint32_t now = capacity.load(std::memory_order_relaxed);
    if (now < limit) capacity.store(std::min(now * 2, limit), std::memory_order_relaxed);
  }
  // At a cycle.
  void shrink_unless_burst() noexcept {
    spill_seen.store(false, std::memory_order_relaxed);
    if (refill_seen.exchange(false, std::memory_order_relaxed)) return;
    const std::uint32_t now = capacity.load(std::memory_order_relaxed);
    if (now > 1) capacity.store(now / 2, std::memory_order_relaxed);
  }
};
static_assert(sizeof(shard_log) == shard_bytes, "percpu::add() finds a shard's log by its id");

}  // namespace ebb::detail
