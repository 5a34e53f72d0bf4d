// What the slow path notes about one shard; the hit path counts nothing.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <ebb/detail/magazine.hpp>
#include <ebb/stats.hpp>

namespace ebb::detail {

// Why an object was destroyed by something other than a cycle.
enum class drop_reason { over_max_idle, rejected, no_memory, at_random };

// Where a get that missed found its object.
enum class source { none, depot, stolen, victim };

// Written by whoever works under the shard's id, read by stats() and the collector. All relaxed: a count
// orders nothing, and readers sum them up as they are.
struct alignas(64) shard_log {
  using counter = std::atomic<std::uint64_t>;

  counter made{0};
  counter missed{0};
  counter reused_depot{0};
  counter reused_stolen{0};
  counter reused_victim{0};
  counter reused_own{0};  // at least: pops that emptied a magazine below what it was loaded with
  counter put{0};         // at least: puts that missed, and pushes that filled a magazine
  counter dropped[4] = {};  // by drop_reason
  counter dropped_aged{0};
  counter detached{0};

  // Objects the next magazine of this shard may hold: 1 until a burst was seen, like Go's `private`.
  std::atomic<std::uint32_t> capacity{1};
  // Seen in this cycle: a full magazine went to the depot; one came back from it after that, a burst.
  std::atomic<bool> spill_seen{false};
  std::atomic<bool> refill_seen{false};

  static void add(counter& c, std::uint64_t n = 1) noexcept {
    if (n != 0) c.fetch_add(n, std::memory_order_relaxed);
  }
  void count_find(source from, std::uint32_t gets) noexcept {
    if (from == source::stolen) return add(reused_stolen, gets);
    if (from == source::victim) return add(reused_victim, gets);
    add(reused_depot, gets);
    if (spill_seen.load(std::memory_order_relaxed)) {  // a burst: spilled and refilled in one cycle
      if (!refill_seen.load(std::memory_order_relaxed)) {
        refill_seen.store(true, std::memory_order_relaxed);
      }
      grow();
    }
  }
  // The next magazines hold twice as many, up to what a block has room for.
  void grow() noexcept {
    const std::uint32_t now = capacity.load(std::memory_order_relaxed);
    if (now < max_capacity) capacity.store(std::min(now * 2, max_capacity), std::memory_order_relaxed);
  }
  // At a cycle.
  void shrink_unless_burst() noexcept {
    spill_seen.store(false, std::memory_order_relaxed);
    if (refill_seen.exchange(false, std::memory_order_relaxed)) return;
    const std::uint32_t now = capacity.load(std::memory_order_relaxed);
    if (now > 1) capacity.store(now / 2, std::memory_order_relaxed);
  }
  void add_to(pool_stats& sum) const noexcept;
};

}  // namespace ebb::detail
