// What the slow path notes about one shard; the hit path counts nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/shard.hpp>
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
  dropped_aged,
  dropped_over_max_idle,
  dropped_rejected,
  dropped_no_memory,
  dropped_at_random,
  detached,
};
inline constexpr std::size_t event_count = static_cast<std::size_t>(event::detached) + 1;

// One per shard, written under its id by percpu::add(): exact, and without an atomic read-modify-write on
// the rseq path. Read by stats(), and by the collector. All relaxed: a count orders nothing.
struct alignas(64) shard_log {
  std::array<atomic<std::uint64_t>, event_count> counts{};

  // Objects the next magazine of this shard may hold: 1 until a burst was seen, like Go's `private`.
  atomic<std::uint32_t> capacity{1};
  // Seen in this cycle: a full magazine went to the depot; one came back from it after that, a burst.
  atomic<bool> spill_seen{false};
  atomic<bool> refill_seen{false};

  [[nodiscard]] static constexpr std::size_t offset_of(event e) noexcept {
    return static_cast<std::size_t>(e) * sizeof(std::uint64_t);  // counts come first
  }
  // For a log that threads of several shards share.
  void add(event e, std::uint64_t n) noexcept {
    if (n != 0) counts[static_cast<std::size_t>(e)].fetch_add(n, std::memory_order_relaxed);
  }
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
