// What a pool has once something was put into it: two banks, which take turns as local and victim.
//
// One block of memory, in this order: pool_state, then for each bank its shards and its depots, then a
// log per shard.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/depot.hpp>
#include <ebb/detail/idle_budget.hpp>
#include <ebb/detail/percpu/percpu.hpp>
#include <ebb/detail/pool_core.hpp>
#include <ebb/detail/shard_log.hpp>

#include "probes.hpp"

namespace ebb::detail {

struct bank {
  shard* shards = nullptr;
  depot* depots = nullptr;
};

// While it is set nothing that is put stays: registry::keep_nothing().
extern atomic<bool> keeps_nothing;

struct found_magazine {
  owned_magazine magazine;
  event from = event::missed;
};

struct pool_state {
  // Returns null when there is no memory.
  [[nodiscard]] static pool_state* create(pool_core& core) noexcept;
  void release() noexcept;

  // --- for get and put -------------------------------------------------------------------------
  [[nodiscard]] shard_log& log(std::uint32_t id) noexcept { return static_cast<shard_log*>(logs)[id]; }
  // In the log of this thread's shard, or in the pool's.
  void count(event e, std::uint64_t n = 1) noexcept {
    if (!is_counted_by_shard(e)) return core.log_.add(e, n);
    if (n != 0) (void)percpu::add(logs, shards, shard_log::offset_of(e), n);
  }
  void add_room(std::uint64_t room) noexcept {
    if (room != 0) (void)percpu::add(logs, shards, shard_log::offset_of_room, room);
  }
  [[nodiscard]] bank& local() noexcept;
  [[nodiscard]] bank& victim() noexcept;
  // Own depot, then the other shards' from the next one on, then the victim's in the same order; as far as
  // the pool's policy lets it steal.
  [[nodiscard]] found_magazine find(std::uint32_t id) noexcept;
  // Whether find() would find nothing, as far as can be seen without a call, for who may steal from all:
  // the victim is known to be empty, and so are the depots of `first`, the local bank's first shard.
  [[nodiscard]] bool is_known_empty(shard* first, std::uint32_t id) const noexcept;
  // LIFE 4/5 victim: what is in a depot when its bank is retired may still be found there, for one cycle.
  void park(std::uint32_t id, owned_magazine m) noexcept {
    if (core.limits_.stealing == steal::same_node_first) note_node(id);
    local().depots[id].push(m);
  }
  // Takes over a magazine that was loaded and is the caller's now, whatever it holds.
  void put_away(std::uint32_t id, const owned_magazine& m) noexcept;
  // An empty magazine with room reserved for up to `capacity` objects; else why there is none. Whoever does
  // not load or park it gives it back with abandon().
  struct fresh_magazine {
    owned_magazine magazine;
    eviction_reason why_not = eviction_reason::no_memory;
  };
  [[nodiscard]] fresh_magazine acquire(std::uint32_t id, std::uint32_t capacity) noexcept;
  void abandon(std::uint32_t id, const owned_magazine& fresh) noexcept;
  // A full magazine has just been parked: notes it, and lets magazines grow when they pile up.
  void note_spill(std::uint32_t id) noexcept;
  // What the next magazine that this shard loads may hold.
  [[nodiscard]] std::uint32_t capacity_to_load(std::uint32_t id) noexcept {
    const std::uint32_t capacity = log(id).capacity.load(std::memory_order_relaxed);  // relaxed: a hint
    if (capacity == 1 || !is_bounded.load(std::memory_order_relaxed)) return capacity;
    return loadable(budget->own_limit(), core.limits_.weight, shards, capacity);
  }
  // Room for up to `n` more under the budget: for objects that are parked, and for the whole capacity of a
  // magazine that is loaded. Returns for how many; give_up() returns it.
  [[nodiscard]] std::uint32_t reserve(std::uint32_t n) noexcept;
  void give_up(std::uint32_t n) noexcept;
  // Makes of `reserved` what is `wanted`, which is not less; if it cannot, gives up all, and returns false.
  [[nodiscard]] bool extend(std::uint32_t reserved, std::uint32_t wanted) noexcept;
  // Destroys up to `n` objects of the victim, the coldest there are, to make room. False if there are none.
  bool evict_coldest(std::uint32_t id, std::uint32_t n) noexcept;
  // What so many objects count for under a budget.
  [[nodiscard]] std::uint64_t bytes_of(std::uint64_t objects) const noexcept {
    return objects * core.limits_.weight * budget->unit_bytes();
  }

  // --- for the collector, under the registry's mutex ---------------------------------------------
  // Before the fence: the old victim is doomed, but for what the pool keeps at least, if it is only aged.
  // Then the banks change places.
  void rotate(eviction_reason why) noexcept;
  void rotate_back() noexcept;
  // After the fence: moves what the retired bank's shards hold into its depots, and adapts capacities.
  void retire() noexcept;
  // The two halves of those that concern the banks and not the age of anything. Done twice, all that was
  // loaded is in the depots, and every object in the bank it was in.
  void change_banks() noexcept;
  void unload_victim() noexcept;
  // Begins to count for a bound; what is idle already is counted from now on. Again at each cycle, for
  // those who were between two steps when it began.
  void count_room() noexcept;
  // Dooms what the budget has no room for, the coldest first: of the victim, and of what the pool keeps and
  // was put since. Not of what is loaded.
  void doom_excess_of_victim() noexcept {
    if (budget->excess() != 0) doom_excess(victim());
  }
  void doom_excess_of_local() noexcept {
    if (budget->excess() != 0) doom_excess(local());
  }
  // At a cycle: how large objects are now, and the bounds, also those that came while this state was being
  // made; then what slipped by while a bound was lowered.
  void look_at_bounds() noexcept {
    if (budget == &own_budget) core.apply_bounds(*this);
    if (has_bound()) count_room();
  }
  [[nodiscard]] bool has_bound() const noexcept {
    return is_bounded.load(std::memory_order_relaxed) || budget->limit() != no_limit;
  }
  void doom(eviction_reason why, owned_magazine m) noexcept;
  // Outside the mutex: destroys what is doomed. Returns how many objects.
  std::uint64_t destroy_doomed() noexcept;
  // Under it again: what they used is free. Not before, so that nobody who asks what is over finds them
  // counted in one place and not in the other.
  void settle_destroyed(std::uint64_t objects) noexcept;
  // What an object counts for in numbers of bytes: what it owns besides itself is not known.
  [[nodiscard]] std::uint64_t weight() const noexcept;
  struct holding {
    std::uint64_t objects = 0;
    bool nothing = true;  // no magazine is loaded or parked anywhere
  };
  [[nodiscard]] holding held() const noexcept;
  // With the pool: everything. No other thread uses the pool.
  void destroy_all() noexcept;
  // In the child of a fork: locks held by threads that do not exist there (portable path).
  void unlock_shards() noexcept;
  [[nodiscard]] bool has_doomed() const noexcept;

  // --- stats -------------------------------------------------------------------------------------
  void add_to(pool_stats& sum) noexcept;

  pool_core& core;
  const std::uint32_t shards;
  const std::uint32_t block;  // index in the arena
  bank banks[2];
  void* logs = nullptr;  // shard_log[shards]
  // What a cycle condemned and nobody has destroyed yet, by the reason: the first four.
  static constexpr std::size_t doom_reasons = static_cast<std::size_t>(eviction_reason::drained) + 1;
  depot doomed[doom_reasons];
  // Raised by each rotation.
  atomic<std::uint64_t> cycle{0};
  // Raised when another bank has become the victim, and again when the last objects have come into it: what
  // its shards had loaded. A search that finds the victim empty notes the count it began with, and searches
  // skip the victim as long as that is the count, as Go does by setting victimSize to 0. (With the number
  // of the cycle in its place, a search between rotate() and retire() hid for that cycle what retire()
  // brings.)
  atomic<std::uint64_t> victim_fills{0};
  atomic<std::uint64_t> victim_empty_at{~std::uint64_t{0}};

  idle_budget own_budget;
  idle_budget* const budget;  // the pool's own, or one it shares
  // Raised once, when there is a bound: until then each shard counts room in its log, so that pools without
  // a bound share no word.
  atomic<bool> is_bounded;
  std::uint64_t counted_room = 0;  // of the shards' sum, what the budget has; under the registry's mutex

  // What pool_core::largest_ was when the last cycle came.
  atomic<std::uint64_t> largest_before{0};
  // Of stats, as the last cycle left them.
  atomic<std::uint64_t> idle_peak{0};
  atomic<std::uint64_t> reused_before{0};
  atomic<std::uint64_t> missed_before{0};

  // The registry's, under its mutex.
  alignas(64) pool_state* next = nullptr;
  pool_state* previous = nullptr;
  pool_state* next_doomed = nullptr;
  bool in_doomed_list = false;
  int pins = 0;              // threads that destroy its doomed objects right now
  std::uint64_t number = 0;  // in the order of first puts, from 1; 0 until it is admitted

 private:
  pool_state(pool_core& owner, std::uint32_t shard_count, std::uint32_t block_index) noexcept;
  void destroy(std::uint32_t id, owned_magazine m, eviction_reason why) noexcept;
  loaded_magazine unload(shard& s) noexcept;
  void doom_excess(bank& b) noexcept;
  [[nodiscard]] std::uint64_t sum_of_room() noexcept;
  [[nodiscard]] std::uint32_t reserve_bounded(std::uint32_t n) noexcept;
  [[nodiscard]] holding held_in(const bank& b) const noexcept;
  owned_magazine split(owned_magazine& m, std::uint32_t n, std::uint32_t id) noexcept;
  // Where find() goes on; out of line, because bursts get most of what they miss from their own depot.
  EBB_SLOW_PATH found_magazine find_elsewhere(std::uint32_t id, bank& fresh, std::uint64_t fills) noexcept;
  void note_node(std::uint32_t id) noexcept;
  owned_magazine first_from(bank& b, std::uint32_t& from, std::uint32_t count) noexcept;
  // From the depots of a bank, other than its own, that the policy lets `id` take from.
  owned_magazine steal_from(bank& b, std::uint32_t id, bool is_victim) noexcept;
  owned_magazine nearest(bank& b, std::uint32_t id, bool is_victim) noexcept;
};

// Inline, because a refill and a spill each go through most of them.

inline bank& pool_state::local() noexcept {
  // Edge bank, acquire half.
  return banks[core.local_.load(std::memory_order_acquire) == banks[0].shards ? 0 : 1];
}

inline bank& pool_state::victim() noexcept { return &local() == &banks[0] ? banks[1] : banks[0]; }

inline found_magazine pool_state::find(std::uint32_t id) noexcept {
  // Edge victim-fills, acquire half.
  const std::uint64_t fills = victim_fills.load(std::memory_order_acquire);
  bank& fresh = local();
  if (const owned_magazine m = fresh.depots[id].pop()) return {m, event::reused_depot};
  return find_elsewhere(id, fresh, fills);
}

inline bool pool_state::is_known_empty(shard* first, std::uint32_t id) const noexcept {
  // relaxed: unlike find() this notes nothing about what it has seen.
  if (victim_empty_at.load(std::memory_order_relaxed) != victim_fills.load(std::memory_order_relaxed)) {
    return false;
  }
  const depot* const depots = header_of(first).depots;
  // Its own first: that of a burst has something.
  for (std::uint32_t i = id; i < shards; ++i) {
    if (!depots[i].is_empty()) return false;
  }
  for (std::uint32_t i = 0; i < id; ++i) {
    if (!depots[i].is_empty()) return false;
  }
  return true;
}

inline void pool_state::note_spill(std::uint32_t id) noexcept {
  shard_log& log = this->log(id);
  if (!log.spill_seen.load(std::memory_order_relaxed)) {
    log.spill_seen.store(true, std::memory_order_relaxed);
  }
  // Nobody takes what lies here, so larger magazines keep nothing from thieves, and 100,000 puts in a row
  // do not make 100,000 magazines of one (measured: 9 times the time to put them, 15 times to destroy
  // them).
  constexpr std::uint64_t pile = 4;
  const std::uint32_t capacity = log.capacity.load(std::memory_order_relaxed);
  if (capacity < core.limits_.max_loaded && local().depots[id].objects() >= pile * capacity)
    log.grow(core.limits_.max_loaded);
}

inline std::uint32_t pool_state::reserve(std::uint32_t n) noexcept {
  if (keeps_nothing.load(std::memory_order_relaxed)) return 0;                // relaxed: soon enough
  if (is_bounded.load(std::memory_order_relaxed)) return reserve_bounded(n);  // relaxed: see count_room()
  add_room(n);
  return n;
}

inline void pool_state::give_up(std::uint32_t n) noexcept {
  if (n == 0) return;
  if (is_bounded.load(std::memory_order_relaxed)) return budget->give_up(n, core.limits_.weight);
  add_room(std::uint64_t{0} - n);
}

inline bool pool_state::extend(std::uint32_t reserved, std::uint32_t wanted) noexcept {
  const std::uint32_t more = wanted - reserved;
  if (more == 0 && !keeps_nothing.load(std::memory_order_relaxed)) [[likely]]
    return true;
  const std::uint32_t granted = reserve(more);
  if (granted == more && more != 0) return true;
  give_up(reserved + granted);
  return false;
}

inline void pool_state::put_away(std::uint32_t id, const owned_magazine& m) noexcept {
  if (!m) return;
  give_up(m.capacity() - m.count());
  if (m.count() == 0) return magazines().release(m.block, id);
  park(id, m);
}

inline pool_state::fresh_magazine pool_state::acquire(std::uint32_t id, std::uint32_t capacity) noexcept {
  std::uint32_t granted = reserve(capacity);
  while (granted == 0) {
    if (keeps_nothing.load(std::memory_order_relaxed)) return {{}, eviction_reason::pressure};
    if (!evict_coldest(id, capacity)) return {{}, eviction_reason::over_budget};
    granted = reserve(capacity);
  }
  magazine* const words = magazines().acquire(id);
  if (words != nullptr) return {owned_magazine::empty(words, granted)};
  give_up(granted);
  return {};
}

inline void pool_state::abandon(std::uint32_t id, const owned_magazine& fresh) noexcept {
  give_up(fresh.capacity());
  magazines().release(fresh.block, id);
}

}  // namespace ebb::detail
