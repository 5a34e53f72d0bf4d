// Every pool of the process: what they hold, and how to empty them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ebb/detail/config.hpp>
#include <ebb/resource_stats.hpp>
#include <ebb/stats.hpp>

namespace ebb {

/// One pool, as all_pools() saw it.
struct pool_info {
  std::uint64_t id = 0;  ///< of this pool alone, while the process lives; in the order of the list, from 1.
  /// options.name. Of a buffer pool's tiers with the size, "answers/4096"; of a pool_resource "nodes,
  /// blocks of 112 bytes". May be empty.
  std::string name;
  std::string type;  ///< for a reader: "ebb::object_pool<parser>", "ebb::resource_pool<connection>".
  pool_stats stats;  ///< as the pool's stats() says it. All 0 for a resource_pool, which has the next.
  std::optional<resource_stats> bounded = {};  ///< what a resource_pool's stats() says; empty for others.

  // What both kinds have.
  [[nodiscard]] constexpr std::uint64_t made() const noexcept {
    return bounded ? bounded->opened : stats.made;
  }
  [[nodiscard]] constexpr std::uint64_t idle() const noexcept {
    return bounded ? bounded->idle : stats.idle;
  }
  [[nodiscard]] constexpr std::uint64_t in_use() const noexcept {
    return bounded ? bounded->in_use : stats.in_use();
  }
};

/// Lists the pools that something was put into, and every resource_pool, in the order of first puts and of
/// constructions. Each tier of a buffer_pool, and each block size of a pool_resource, is one. A
/// resource_pool that died before its leases is there until the last of these has come back.
/// Returns      a snapshot.
/// Throws       std::bad_alloc.
/// Threads      safe from any thread. Pools that die meanwhile wait until they have been read.
/// Cost         O(pools * shards) loads; never slows a hit. The mutex of a resource_pool is held while its
///              numbers are copied.
/// Unlike Go    Go's pools cannot be asked.
[[nodiscard]] EBB_API std::vector<pool_info> all_pools();

/// Destroys what is idle in the pool with this id now, with the reason eviction_reason::drained. Bounded
/// pools have nothing to be drained of: they would have to open it again.
/// Returns      how many of its objects this call destroyed; 0 where there is no such pool (any more).
/// Throws       std::bad_alloc, before it has done anything.
/// Threads      safe from any thread, also while the pool dies. Destructors run on the calling thread,
///              under no lock.
/// Cost         that of drain() of the pool, and a look at the pools that are younger.
EBB_API std::uint64_t drain_pool(std::uint64_t id);

/// Destroys what is idle in every pool now, with the reason eviction_reason::drained.
/// Returns      how many objects this call destroyed. What other threads destroy meanwhile is not counted.
/// Throws       nothing.
/// Threads      safe from any thread, also from an object's destructor. Destructors run on the calling
///              thread, under no lock.
/// Cost         that of two cycles: see collect().
/// Unlike Go    callable; in Go two garbage collections do it.
EBB_API std::uint64_t drain_all() noexcept;

}  // namespace ebb
