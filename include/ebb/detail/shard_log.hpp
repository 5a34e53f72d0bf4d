// What the slow path notes about one shard; the hit path counts nothing.
#pragma once

#include <atomic>
#include <cstdint>

#include <ebb/stats.hpp>

namespace ebb::detail {

// Why an object was destroyed by something other than a cycle.
enum class drop_reason { over_max_idle, rejected, no_memory, at_random };

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
  // Seen in this cycle: a full magazine went to the depot; one came back from it. Both: a burst.
  std::atomic<bool> spill_seen{false};
  std::atomic<bool> refill_seen{false};

  static void add(counter& c, std::uint64_t n = 1) noexcept {
    if (n != 0) c.fetch_add(n, std::memory_order_relaxed);
  }
  void add_to(pool_stats& sum) const noexcept;
};

}  // namespace ebb::detail
