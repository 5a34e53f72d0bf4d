// What a pool has once something was put into it: two banks, which take turns as local and victim.
//
// One block of memory, in this order: pool_state, then for each bank its shards and its depots, then a
// log per shard.
#pragma once

#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/depot.hpp>
#include <ebb/detail/idle_budget.hpp>
#include <ebb/detail/percpu/percpu.hpp>
#include <ebb/detail/pool_core.hpp>
#include <ebb/detail/shard_log.hpp>

namespace ebb::detail {

struct bank {
  shard* shards = nullptr;
  depot* depots = nullptr;
};

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
  // In the log of this thread's shard.
  void count(event e, std::uint64_t n = 1) noexcept {
    if (n != 0) (void)percpu::add(logs, shards, shard_log::offset_of(e), n);
  }
  [[nodiscard]] bank& local() noexcept;
  [[nodiscard]] bank& victim() noexcept;
  // Own depot, then the other shards' from the next one on, then the victim's in the same order.
  [[nodiscard]] found_magazine find(std::uint32_t id) noexcept;
  // LIFE 4/5 victim: what is in a depot when its bank is retired may still be found there, for one cycle.
  void park(std::uint32_t id, owned_magazine m) noexcept { local().depots[id].push(m); }
  // Takes over a magazine that was loaded and is the caller's now, whatever it holds.
  void put_away(std::uint32_t id, const owned_magazine& m) noexcept;
  // An empty magazine with room reserved for up to `capacity` objects; else why there is none. Whoever does
  // not load or park it gives it back with abandon().
  struct fresh_magazine {
    owned_magazine magazine;
    event why_not = event::dropped_no_memory;
  };
  [[nodiscard]] fresh_magazine acquire(std::uint32_t id, std::uint32_t capacity) noexcept;
  void abandon(std::uint32_t id, const owned_magazine& fresh) noexcept;
  // A full magazine has just been parked: notes it, and lets magazines grow when they pile up.
  void note_spill(std::uint32_t id) noexcept;
  // Room for up to `n` more under the budget: for objects that are parked, and for the whole capacity of a
  // magazine that is loaded. Returns for how many; give_up() returns it.
  [[nodiscard]] std::uint32_t reserve(std::uint32_t n) noexcept;
  void give_up(std::uint32_t n) noexcept;

  // --- for the collector, under the registry's mutex ---------------------------------------------
  // Before the fence: the old victim is doomed, and the banks change places.
  void rotate() noexcept;
  void rotate_back() noexcept;
  // After the fence: moves what the retired bank's shards hold into its depots, and adapts capacities.
  void retire() noexcept;
  // Outside the mutex: destroys what is doomed. Returns about how many bytes that was.
  std::uint64_t destroy_doomed() noexcept;
  // With the pool: everything. No other thread uses the pool.
  void destroy_all() noexcept;
  // In the child of a fork: locks held by threads that do not exist there (portable path).
  void unlock_shards() noexcept;
  [[nodiscard]] bool has_doomed() const noexcept { return doomed.objects() != 0; }

  // --- stats -------------------------------------------------------------------------------------
  void add_to(pool_stats& sum) noexcept;

  pool_core& core;
  const std::uint32_t shards;
  const std::uint32_t block;  // index in the arena
  bank banks[2];
  void* logs = nullptr;  // shard_log[shards]
  // Victim objects of cycle n - 1 that cycle n condemned.
  depot doomed;
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
  idle_budget* const budget;  // the pool's own, or one it shares; null where there is no bound

  // The registry's, under its mutex.
  alignas(64) pool_state* next = nullptr;
  pool_state* previous = nullptr;
  pool_state* next_doomed = nullptr;
  bool in_doomed_list = false;
  int pins = 0;  // threads that destroy its doomed objects right now

 private:
  pool_state(pool_core& owner, std::uint32_t shard_count, std::uint32_t block_index) noexcept;
  void destroy(std::uint32_t id, owned_magazine m) noexcept;
  loaded_magazine unload(shard& s) noexcept;
  owned_magazine first_from(bank& b, std::uint32_t from, std::uint32_t count) noexcept;
};

// Inline, because a refill and a spill each go through most of them.

inline bank& pool_state::local() noexcept {
  // Edge bank, acquire half.
  return banks[core.local_.load(std::memory_order_acquire) == banks[0].shards ? 0 : 1];
}

inline bank& pool_state::victim() noexcept { return &local() == &banks[0] ? banks[1] : banks[0]; }

// A magazine from `count` depots, the first of them `from`, around the end.
inline owned_magazine pool_state::first_from(bank& b, std::uint32_t from, std::uint32_t count) noexcept {
  for (; count > 0; --count, ++from) {
    if (from >= shards) from = 0;
    if (const owned_magazine m = b.depots[from].pop()) return m;
  }
  return {};
}

inline found_magazine pool_state::find(std::uint32_t id) noexcept {
  // Edge victim-fills, acquire half.
  const std::uint64_t fills = victim_fills.load(std::memory_order_acquire);
  bank& fresh = local();
  if (const owned_magazine m = fresh.depots[id].pop()) return {m, event::reused_depot};
  if (const owned_magazine m = first_from(fresh, id + 1, shards - 1)) return {m, event::reused_stolen};
  if (victim_empty_at.load(std::memory_order_relaxed) == fills) return {};  // relaxed: only saves a search
  bank& old = &fresh == &banks[0] ? banks[1] : banks[0];
  if (const owned_magazine m = first_from(old, id, shards)) return {m, event::reused_victim};
  victim_empty_at.store(fills, std::memory_order_relaxed);
  return {};
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
  return budget == nullptr ? n : budget->reserve(n, core.limits_.weight);
}

inline void pool_state::give_up(std::uint32_t n) noexcept {
  if (budget != nullptr) budget->give_up(n, core.limits_.weight);
}

inline void pool_state::put_away(std::uint32_t id, const owned_magazine& m) noexcept {
  if (!m) return;
  give_up(m.capacity() - m.count());
  if (m.count() == 0) return magazines().release(m.block, id);
  park(id, m);
}

inline pool_state::fresh_magazine pool_state::acquire(std::uint32_t id, std::uint32_t capacity) noexcept {
  const std::uint32_t granted = reserve(capacity);
  if (granted == 0) return {{}, event::dropped_over_max_idle};
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
