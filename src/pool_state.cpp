#include "pool_state.hpp"

#include <sched.h>

#include <algorithm>
#include <new>

#include "runtime.hpp"

namespace ebb::detail {

namespace {

// Byte offsets inside a block, for the number of shards of this process.
struct block_layout {
  std::size_t shards[2];
  std::size_t depots[2];
  std::size_t logs;
  std::size_t bytes;

  explicit block_layout(std::size_t n) noexcept {
    std::size_t at = round(sizeof(pool_state));
    for (int b = 0; b < 2; ++b) {
      at += sizeof(bank_header);
      shards[b] = at;
      at += n * sizeof(shard);
      depots[b] = at;
      at = round(at + n * sizeof(depot));
    }
    logs = at;
    bytes = round(at + n * sizeof(shard_log));
  }
  static constexpr std::size_t round(std::size_t n) noexcept {
    return (n + alignof(shard) - 1) / alignof(shard) * alignof(shard);
  }
};

const block_layout& layout_of_blocks() noexcept {
  static const block_layout layout{this_runtime().shards};
  return layout;
}

block_arena& states() noexcept {
  static block_arena arena{layout_of_blocks().bytes};
  return arena;
}

}  // namespace

pool_state::pool_state(pool_core& owner, std::uint32_t shard_count, std::uint32_t block_index) noexcept
    : core(owner),
      shards(shard_count),
      block(block_index),
      own_budget(owner.limits_.max_idle),
      budget(owner.limits_.shared != nullptr             ? owner.limits_.shared
             : owner.limits_.max_idle == ~std::size_t{0} ? nullptr
                                                         : &own_budget) {}

pool_state* pool_state::create(pool_core& core) noexcept {
  const std::uint32_t index = states().allocate();
  if (index == 0) return nullptr;
  auto* const block = static_cast<std::byte*>(states().at(index));
  const block_layout& at = layout_of_blocks();
  const std::uint32_t n = this_runtime().shards;
  auto* const state = new (block) pool_state(core, n, index);
  for (int b = 0; b < 2; ++b) {
    state->banks[b] = {reinterpret_cast<shard*>(block + at.shards[b]),
                       reinterpret_cast<depot*>(block + at.depots[b])};
    new (reinterpret_cast<bank_header*>(state->banks[b].shards) - 1) bank_header{state};
    for (std::uint32_t i = 0; i < n; ++i) {
      new (&state->banks[b].shards[i]) shard{.away_from_pools = {}, .top = no_magazine_top(), .lock = 0};
      new (&state->banks[b].depots[i]) depot;
    }
  }
  state->logs = block + at.logs;
  for (std::uint32_t i = 0; i < n; ++i) new (&state->log(i)) shard_log;
  return state;
}

void pool_state::release() noexcept { states().release(block); }

void pool_state::rotate() noexcept {
  bank& old = victim();
  for (std::uint32_t i = 0; i < shards; ++i) {
    while (const owned_magazine m = old.depots[i].pop()) doomed.push(m);
  }
  cycle.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
  // Edge bank, release half (acquire half: every load of local_; inside a critical section x86-64 orders it
  // by itself, aarch64 by the address dependency).
  //   Publishes:   the shards as create() or the last retire() left them.
  //   If relaxed:  a thread works on a shard that is not initialised, or loses what retire() wrote.
  //   Checked by:  the model checker, mutants bank-release-... and bank-acquire-....
  core.local_.store(old.shards, std::memory_order_release);
  victim_fills.fetch_add(1, std::memory_order_release);  // edge victim-fills
}

void pool_state::rotate_back() noexcept {
  core.local_.store(victim().shards, std::memory_order_release);  // edge bank
  cycle.fetch_sub(1, std::memory_order_relaxed);
  // What rotate() doomed is the victim's again: a cycle is done whole or not at all.
  while (const owned_magazine m = doomed.pop()) victim().depots[0].push(m);
  victim_fills.fetch_add(1, std::memory_order_release);  // edge victim-fills
}

// Takes the loaded magazine of a shard that no section can commit to.
loaded_magazine pool_state::unload(shard& s) noexcept {
  const auto take = [&s] {
    // relaxed: ordered by the fence, or by the shard's lock
    void** const top = s.top.load(std::memory_order_relaxed);
    s.top.store(no_magazine_top(), std::memory_order_relaxed);
    return loaded_magazine::of(top);
  };
  if (percpu::has_rseq()) return take();
  // Portable path: the lock is held for a few instructions, unless its holder was preempted there. Then
  // the shard keeps its objects for another cycle.
  for (int tries = 0; tries < unload_tries; ++tries) {
    if (const percpu::fallback::shard_lock held{s}) return take();
    (void)::sched_yield();
  }
  return {};
}

void pool_state::retire() noexcept {
  bank& retired = victim();
  for (std::uint32_t i = 0; i < shards; ++i) {
    const loaded_magazine old = unload(retired.shards[i]);
    core.shared_log_.add(event::reused_own, old.popped());
    core.shared_log_.add(event::put, old.pushed());
    if (old.now) give_up(old.now.capacity() - old.now.count());
    if (old.now.count() == 0) {
      magazines().release(old.now.block, i);
    } else {
      retired.depots[i].push(old.now);
    }
    log(i).shrink_unless_burst();
  }
  // Edge victim-fills, release half (acquire half: find).
  //   Publishes:   the depots of the victim.
  //   If relaxed:  a search sees them as they were, and hides what is in them for the rest of the cycle.
  //   Checked by:  the model checker, mutants victim-fills-release and victim-fills-acquire.
  victim_fills.fetch_add(1, std::memory_order_release);
}

void pool_state::unlock_shards() noexcept {
  for (bank& b : banks) {
    // Each operation has one commit store, so a shard is whole wherever its holder was; relaxed: this is
    // the only thread.
    for (std::uint32_t i = 0; i < shards; ++i) b.shards[i].lock.store(0, std::memory_order_relaxed);
  }
}

void pool_state::destroy(std::uint32_t id, owned_magazine m) noexcept {
  while (m.count() > 0) core.traits_.destroy(m.take(), core.traits_.context);
  magazines().release(m.block, id);
}

std::uint64_t pool_state::destroy_doomed() noexcept {
  const std::uint32_t id = percpu::current_id(shards);
  std::uint64_t objects = 0;
  while (const owned_magazine m = doomed.pop()) {
    count(event::dropped_aged, m.count());
    destroy(id, m);
    give_up(m.count());
    objects += m.count();
  }
  // What an object owns besides itself is not known.
  return objects * std::max<std::size_t>(core.traits_.bytes, 1024);
}

void pool_state::destroy_all() noexcept {
  // A destructor may put objects into this very pool; they are found by the next round.
  for (bool found = true; found;) {
    found = false;
    const auto destroy_some = [&](const owned_magazine& m) {
      found = found || m.count() > 0;
      if (m) destroy(0, m);
      give_up(m.count());
      return static_cast<bool>(m);
    };
    for (bank& b : banks) {
      for (std::uint32_t i = 0; i < shards; ++i) {
        const owned_magazine loaded = unload(b.shards[i]).now;
        if (loaded) give_up(loaded.capacity() - loaded.count());
        destroy_some(loaded);
        while (destroy_some(b.depots[i].pop())) {}
      }
    }
    while (destroy_some(doomed.pop())) {}
  }
}

void pool_state::add_to(pool_stats& sum) noexcept {
  for (const bank& b : banks) {
    for (std::uint32_t i = 0; i < shards; ++i) {
      sum.idle += b.depots[i].objects();
      // A guess while the shard is in use: the magazine may be swapped out under our eyes. Its memory
      // stays readable, and the numbers are kept sane.
      const auto live = loaded_magazine::of(b.shards[i].top.load(std::memory_order_relaxed));
      if (live.now.top <= live.now.base) continue;
      sum.idle += live.now.count();
      sum.reused_own += live.popped();
      sum.put += live.pushed();
    }
  }
  sum.idle += doomed.objects();
  for (std::uint32_t i = 0; i < shards; ++i) log(i).add_to(sum);
  sum.cycles = cycle.load(std::memory_order_relaxed);
}

}  // namespace ebb::detail
