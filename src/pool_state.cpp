#include "pool_state.hpp"

#include <sched.h>

#include <algorithm>
#include <new>

#include "process_budget.hpp"
#include "runtime.hpp"

namespace ebb::detail {

atomic<bool> keeps_nothing{false};

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
      own_budget(no_limit),
      budget(owner.limits_.shared != nullptr ? owner.limits_.shared : &own_budget) {
  if (budget == &own_budget) owner.apply_bounds(*this);
  process_budget::join(*budget);
  is_bounded.store(process_budget::is_set() || budget->limit() != no_limit, std::memory_order_relaxed);
}

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
    new (reinterpret_cast<bank_header*>(state->banks[b].shards) - 1)
        bank_header{state, state->banks[b].depots};
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

void pool_state::doom(eviction_reason why, owned_magazine m) noexcept {
  budget->doom(m.count(), core.limits_.weight);
  doomed[static_cast<std::size_t>(why)].push(m);
}

bool pool_state::has_doomed() const noexcept {
  return std::any_of(std::begin(doomed), std::end(doomed), [](const depot& d) { return d.objects() != 0; });
}

void pool_state::rotate(eviction_reason why) noexcept {
  bank& old = victim();
  std::uint64_t keep = 0;
  if (why == eviction_reason::aged) {
    keep = core.keep_.load(std::memory_order_relaxed);
    if (keep != 0) keep -= std::min(keep, held_in(local()).objects);
  }
  depot kept;
  for (std::uint32_t i = 0; i < shards; ++i) {
    while (owned_magazine m = old.depots[i].pop()) {
      if (keep >= m.count()) {
        keep -= m.count();
        kept.push(m);
        continue;
      }
      if (keep == 0) {
        doom(why, m);
        continue;
      }
      const owned_magazine coldest = split(m, m.count() - static_cast<std::uint32_t>(keep), i);
      if (coldest) doom(why, coldest);  // else there is no memory, and all of it is kept
      kept.push(m);
      keep = 0;
    }
    // Young again: this bank is the local one from now on.
    while (const owned_magazine m = kept.pop()) old.depots[i].push(m);
  }
  cycle.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
  change_banks();
}

void pool_state::change_banks() noexcept {
  // Edge bank, release half (acquire half: every load of local_; inside a critical section x86-64 orders it
  // by itself, aarch64 by the address dependency).
  //   Publishes:   the shards as create() or the last retire() left them.
  //   If relaxed:  a thread works on a shard that is not initialised, or loses what retire() wrote.
  //   Checked by:  the model checker, mutants bank-release-... and bank-acquire-....
  core.local_.store(victim().shards, std::memory_order_release);
  victim_fills.fetch_add(1, std::memory_order_release);  // edge victim-fills
}

void pool_state::rotate_back() noexcept {
  core.local_.store(victim().shards, std::memory_order_release);  // edge bank
  cycle.fetch_sub(1, std::memory_order_relaxed);
  // What rotate() doomed is the victim's again: a cycle is done whole or not at all.
  for (depot& d : doomed) {
    while (const owned_magazine m = d.pop()) {
      budget->undoom(m.count(), core.limits_.weight);
      victim().depots[0].push(m);
    }
  }
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
  unload_victim();
  for (std::uint32_t i = 0; i < shards; ++i) log(i).shrink_unless_burst();
  core.note_cycle(*this);
}

void pool_state::unload_victim() noexcept {
  bank& retired = victim();
  for (std::uint32_t i = 0; i < shards; ++i) {
    const loaded_magazine old = unload(retired.shards[i]);
    core.log_.add(event::reused_own, old.popped());
    core.log_.add(event::put, old.pushed());
    if (old.now) give_up(old.now.capacity() - old.now.count());
    if (old.now.count() == 0) {
      magazines().release(old.now.block, i);
    } else {
      retired.depots[i].push(old.now);
    }
  }
  // Edge victim-fills, release half (acquire half: find).
  //   Publishes:   the depots of the victim.
  //   If relaxed:  a search sees them as they were, and hides what is in them for the rest of the cycle.
  //   Checked by:  the model checker, mutants victim-fills-release and victim-fills-acquire.
  victim_fills.fetch_add(1, std::memory_order_release);
}

std::uint64_t pool_state::sum_of_room() noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < shards; ++i) {
    sum += log(i).room.load(std::memory_order_relaxed);
  }
  return sum;
}

void pool_state::count_room() noexcept {
  // Once before the flag, so that nobody finds the budget empty; and after it, for what was counted in the
  // shards meanwhile. Nothing is lost or counted twice: the sum of both places is right at any time.
  const auto take_over = [this] {
    const std::uint64_t sum = sum_of_room();
    budget->admit((sum - counted_room) * core.limits_.weight);
    counted_room = sum;
  };
  take_over();
  if (is_bounded.load(std::memory_order_relaxed)) return;
  is_bounded.store(true, std::memory_order_relaxed);
  take_over();
}

// Takes the `n` oldest objects out of a magazine, in their order, into one of their own. Empty if there is
// no memory for it.
owned_magazine pool_state::split(owned_magazine& m, std::uint32_t n, std::uint32_t id) noexcept {
  magazine* const words = magazines().acquire(id);
  if (words == nullptr) return {};
  owned_magazine oldest = owned_magazine::empty(words, n);
  while (oldest.count() < n) oldest.add(m.take_oldest());
  return oldest;
}

void pool_state::doom_excess(bank& b) noexcept {
  const std::uint64_t each = core.limits_.weight;
  for (std::uint32_t i = 0; i < shards; ++i) {
    depot& of_shard = b.depots[i];
    depot oldest_first;
    while (const owned_magazine m = of_shard.pop()) oldest_first.push(m);
    while (owned_magazine m = oldest_first.pop()) {
      const std::uint64_t over = (budget->excess() + each - 1) / each;
      if (over == 0) {
        of_shard.push(m);
        continue;
      }
      if (over < m.count()) {
        if (const owned_magazine coldest = split(m, static_cast<std::uint32_t>(over), i)) {
          of_shard.push(m);
          m = coldest;
        }
      }
      doom(eviction_reason::over_budget, m);
    }
  }
  victim_fills.fetch_add(1, std::memory_order_release);  // edge victim-fills: what was taken out is back
}

// A magazine from `count` depots, the first of them `from`, around the end. Leaves in `from` where it was.
owned_magazine pool_state::first_from(bank& b, std::uint32_t& from, std::uint32_t count) noexcept {
  for (; count > 0; --count, ++from) {
    if (from >= shards) from = 0;
    if (const owned_magazine m = b.depots[from].pop()) return m;
  }
  return {};
}

// always_inline: g++ judges a probe by the length of its text, which is long, and would call this.
[[gnu::always_inline]] inline owned_magazine pool_state::steal_from(bank& b, std::uint32_t id,
                                                                    bool is_victim) noexcept {
  if (core.limits_.stealing == steal::all) [[likely]] {
    std::uint32_t from = id + 1;
    const owned_magazine m = first_from(b, from, shards - 1);
    if (m) probes::steal(core, id, from, m.count(), is_victim);
    return m;
  }
  return core.limits_.stealing == steal::none ? owned_magazine{} : nearest(b, id, is_victim);
}

found_magazine pool_state::find_elsewhere(std::uint32_t id, bank& fresh, std::uint64_t fills) noexcept {
  if (const owned_magazine m = steal_from(fresh, id, false)) return {m, event::reused_stolen};
  if (victim_empty_at.load(std::memory_order_relaxed) == fills) return {};  // relaxed: only saves a search
  bank& old = &fresh == &banks[0] ? banks[1] : banks[0];
  if (const owned_magazine m = old.depots[id].pop()) return {m, event::reused_victim};
  if (const owned_magazine m = steal_from(old, id, true)) return {m, event::reused_victim};
  // Who does not steal has not seen the others' depots.
  if (core.limits_.stealing != steal::none) victim_empty_at.store(fills, std::memory_order_relaxed);
  return {};
}

std::uint32_t pool_state::reserve_bounded(std::uint32_t n) noexcept {
  const std::uint64_t each = core.limits_.weight;
  std::uint32_t granted = budget->reserve(n, each);
  if (granted != 0 || n == 0 || !process_budget::is_set()) return granted;
  // Who is at a bound of his own has no use for a larger share, and others have.
  const std::uint64_t room = budget->own_room(n, each);
  if (room == 0) return 0;
  const std::uint64_t bytes = each * budget->unit_bytes();
  if (process_budget::grow(*budget, room * bytes) || process_budget::grow(*budget, bytes)) {
    granted = budget->reserve(n, each);
  }
  if (granted == 0) budget->refuse(bytes);
  return granted;
}

bool pool_state::evict_coldest(std::uint32_t id, std::uint32_t n) noexcept {
  std::uint32_t from = id;
  owned_magazine m = first_from(victim(), from, shards);
  if (!m) return false;
  void* gone[max_capacity];
  const std::uint32_t objects = std::min(n, m.count());
  for (std::uint32_t i = 0; i < objects; ++i) gone[i] = m.take_oldest();
  // Before the destructors run: a get that finds the victim empty meanwhile would hide the rest until the
  // next cycle.
  if (m.count() != 0) {
    victim().depots[id].push(m);
  } else {
    magazines().release(m.block, id);
  }
  count(event::dropped_over_budget, objects);
  probes::drop(core, eviction_reason::over_budget, objects, bytes_of(objects));
  for (std::uint32_t i = 0; i < objects; ++i) core.evict(gone[i], eviction_reason::over_budget);
  give_up(objects);
  return true;
}

void pool_state::note_node(std::uint32_t id) noexcept {
  const std::uint32_t node = current_node.load(std::memory_order_relaxed)();
  atomic<std::uint32_t>& noted = log(id).node;
  if (noted.load(std::memory_order_relaxed) != node) noted.store(node, std::memory_order_relaxed);
}

owned_magazine pool_state::nearest(bank& b, std::uint32_t id, bool is_victim) noexcept {
  const std::uint32_t here = current_node.load(std::memory_order_relaxed)();
  const auto pass = [&](bool is_near) -> owned_magazine {
    for (std::uint32_t k = 1; k < shards; ++k) {
      const std::uint32_t from = id + k < shards ? id + k : id + k - shards;
      if ((log(from).node.load(std::memory_order_relaxed) == here) != is_near) continue;  // relaxed: a hint
      if (const owned_magazine m = b.depots[from].pop()) {
        probes::steal(core, id, from, m.count(), is_victim);
        return m;
      }
    }
    return {};
  };
  if (const owned_magazine m = pass(true)) return m;
  return pass(false);
}

void pool_state::unlock_shards() noexcept {
  for (bank& b : banks) {
    // Each operation has one commit store, so a shard is whole wherever its holder was; relaxed: this is
    // the only thread.
    for (std::uint32_t i = 0; i < shards; ++i) b.shards[i].lock.store(0, std::memory_order_relaxed);
  }
}

void pool_state::destroy(std::uint32_t id, owned_magazine m, eviction_reason why) noexcept {
  if (m.count() > 0) probes::drop(core, why, m.count(), bytes_of(m.count()));
  while (m.count() > 0) core.evict(m.take(), why);
  magazines().release(m.block, id);
}

void pool_state::settle_destroyed(std::uint64_t objects) noexcept {
  while (objects > 0) {
    const auto some = static_cast<std::uint32_t>(std::min<std::uint64_t>(objects, 1u << 30));
    budget->undoom(some, core.limits_.weight);
    give_up(some);
    objects -= some;
  }
}

std::uint64_t pool_state::destroy_doomed() noexcept {
  const std::uint32_t id = percpu::current_id(shards);
  std::uint64_t objects = 0;
  for (std::size_t r = 0; r < doom_reasons; ++r) {
    const auto why = static_cast<eviction_reason>(r);
    while (const owned_magazine m = doomed[r].pop()) {
      count(drop_for(why), m.count());
      destroy(id, m, why);
      objects += m.count();
    }
  }
  return objects;
}

std::uint64_t pool_state::weight() const noexcept { return std::max<std::uint64_t>(bytes_of(1), 1024); }

pool_state::holding pool_state::held_in(const bank& b) const noexcept {
  holding sum;
  for (std::uint32_t i = 0; i < shards; ++i) {
    sum.objects += b.depots[i].objects();
    // relaxed: a guess, as in add_to(); collector_thread.hpp says why it is enough.
    void** const top = b.shards[i].top.load(std::memory_order_relaxed);
    if (top == no_magazine_top()) continue;
    sum.nothing = false;
    const auto live = loaded_magazine::of(top);
    if (live.now.top > live.now.base) sum.objects += live.now.count();
  }
  return sum;
}

pool_state::holding pool_state::held() const noexcept {
  holding sum;
  for (const depot& d : doomed) sum.objects += d.objects();
  for (const bank& b : banks) {
    const holding of_bank = held_in(b);
    sum.objects += of_bank.objects;
    sum.nothing = sum.nothing && of_bank.nothing;
  }
  sum.nothing = sum.nothing && sum.objects == 0;
  return sum;
}

void pool_state::destroy_all() noexcept {
  // A destructor may put objects into this very pool; they are found by the next round.
  for (bool found = true; found;) {
    found = false;
    const auto destroy_some = [&](const owned_magazine& m) {
      found = found || m.count() > 0;
      if (m) destroy(0, m, eviction_reason::closed);
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
    for (depot& d : doomed) {
      while (const owned_magazine m = d.pop()) {
        budget->undoom(m.count(), core.limits_.weight);
        destroy_some(m);
      }
    }
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
  for (const depot& d : doomed) sum.idle += d.objects();
  for (std::uint32_t i = 0; i < shards; ++i) log(i).add_to(sum);
  sum.cycles = cycle.load(std::memory_order_relaxed);
}

}  // namespace ebb::detail
