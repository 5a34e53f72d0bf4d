// The misses of get and put.
#include <ebb/detail/pool_core.hpp>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "collector_thread.hpp"
#include "pool_state.hpp"
#include "probes.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace ebb::detail {

namespace {

// As the last thing that a miss does, so that it saves no registers for what is called.
EBB_SLOW_PATH void* start_collector() noexcept {
  collector_thread::ensure_running();
  return nullptr;
}

// What this shard has loaded, as a guess: exchange_top() checks it.
void** peek_top(const atomic<shard*>& local, std::uint32_t id) noexcept {
  // Edge bank, acquire half. relaxed: the guess is checked.
  return local.load(std::memory_order_acquire)[id].top.load(std::memory_order_relaxed);
}

std::uint32_t usable_max_loaded(const pool_limits& limits, std::size_t object_bytes) noexcept {
  std::uint64_t bound = limits.max_idle;
  if (limits.shared != nullptr) bound = limits.shared->limit() / limits.weight;
  if (limits.max_idle_bytes != no_limit) {
    bound = std::min<std::uint64_t>(bound, limits.max_idle_bytes / std::max<std::size_t>(1, object_bytes));
  }
  return loadable(bound, 1, this_runtime().shards, limits.max_loaded);
}

}  // namespace

pool_core::pool_core(object_traits traits, pool_limits limits, std::string name)
    : local_(this_runtime().vacant),
      traits_(traits),
      limits_{.shared = limits.shared,
              .weight = limits.weight,
              .max_loaded = usable_max_loaded(limits, traits.bytes),
              .stealing = limits.stealing,
              .is_tier = limits.is_tier},
      name_(std::move(name)),
      max_idle_(limits.max_idle),
      max_idle_bytes_(limits.max_idle_bytes),
      keep_(limits.keep_at_least) {
  check_keep(limits.keep_at_least);
  if (limits.max_loaded >= 1 && limits.max_loaded <= max_capacity) return;
  throw std::invalid_argument("ebb::object_pool \"" + name_ + "\": options.max_loaded is " +
                              std::to_string(limits.max_loaded) + "; valid are 1 to " +
                              std::to_string(max_capacity));
}

void pool_core::check_keep(std::uint64_t objects) const {
  const std::uint64_t most = max_idle_.load(std::memory_order_relaxed);
  if (objects <= most) return;
  throw std::invalid_argument("ebb::object_pool \"" + name_ + "\": " + std::to_string(objects) +
                              " objects are to be kept at least; valid are 0 to max_idle, which is " +
                              std::to_string(most));
}

void pool_core::close() noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) return;
  registry::remove(*state);
  state->destroy_all();
  if (state->budget == &state->own_budget) registry::forget(state->own_budget);
}

pool_core::~pool_core() {
  if (pool_state* const state = this->state()) state->release();
}

void* pool_core::get_slow() noexcept {
  shard* const bank = local_bank();
  pool_state* const state = state_of(bank);
  if (state == nullptr) {
    log_.add(event::missed, 1);
    probes::miss(*this, probes::no_shard, 1);
    return nullptr;
  }
  if (!percpu::has_rseq()) return get_portable(*state);
  const std::uint32_t id = percpu::current_id(state->shards);
  // Where the policy lets it look at less, find() knows.
  const bool is_empty = limits_.stealing == steal::all && state->is_known_empty(bank, id);
  return is_empty ? miss(*state, id) : find(*state, id);
}

// Apart, like find(), so that a get that finds nothing saves no registers for them.
void* pool_core::get_portable(pool_state& state) noexcept {
  void* object;
  if (percpu::fallback::pop(local_, state.shards, object) == percpu::result::done) return object;  // a hit
  return find(state, percpu::current_id(state.shards));
}

void* pool_core::miss(pool_state& state, std::uint32_t id) noexcept {
  probes::miss(*this, static_cast<std::int32_t>(id), 1);
  state.count(event::missed);
  return collector_thread::is_settled() ? nullptr : start_collector();
}

void* pool_core::find(pool_state& state, std::uint32_t id) noexcept {
  found_magazine found = state.find(id);
  if (!found.magazine) return miss(state, id);
  void* const object = found.magazine.take();
  use_rest(state, id, found, 1);
  collector_thread::ensure_running();  // after what was loaded
  return object;
}

// What becomes of a magazine that was found, after `taken` objects of it went to a caller.
void pool_core::use_rest(pool_state& state, std::uint32_t id, const found_magazine& found,
                         std::uint32_t taken) noexcept {
  const owned_magazine& m = found.magazine;
  state.count(found.from, taken);
  if (found.from == event::reused_depot) state.log(id).note_refill(limits_.max_loaded);
  // Only what is used gets young again; the rest of a victim's magazine goes on ageing.
  if (m.count() != 0 && found.from != event::reused_victim) return load(state, id, m, taken);
  state.give_up(taken);
  if (m.count() == 0) return magazines().release(m.block, id);
  state.victim().depots[id].push(m);
}

// Loads a magazine from a depot, if the shard is still empty; else gives it back. `spare` of its room is
// reserved: what was taken out of it is mostly all it needs, and is then neither given up nor reserved
// again.
void pool_core::load(pool_state& state, std::uint32_t id, owned_magazine m, std::uint32_t spare) noexcept {
  void** const top = peek_top(local_, id);
  std::uint32_t owner = id;
  if (loaded_magazine::of(top).now.count() != 0) {
    state.give_up(spare);
    return state.park(id, m);
  }
  // It may be older than the burst that the shard has learned from.
  const std::uint32_t capacity = state.capacity_to_load(id);
  if (capacity > m.capacity()) m.widen(capacity - m.capacity());
  const std::uint32_t room = m.capacity() - m.count();
  if (!state.extend(spare, room)) m.close_up();
  if (percpu::exchange_top(local_, state.shards, top, loaded_magazine::top_of(m), owner) !=
      percpu::result::done) {
    state.give_up(m.capacity() - m.count());
    return state.park(id, m);
  }
  const auto old = loaded_magazine::of(top);
  state.count(event::reused_own, old.popped());
  state.put_away(owner, old.now);
}

void pool_core::put_slow(void* object) noexcept {
  pool_state* const state = this->state();
  if (!percpu::has_rseq() && state != nullptr) {  // the portable path's hit
    if (percpu::fallback::push(local_, state->shards, object) == percpu::result::done) return;
  }
  keep(object);
  collector_thread::ensure_running();  // after what was loaded or parked
}

void pool_core::keep(void* object) noexcept {
  pool_state* const state = state_for_put();
  if (state == nullptr) return drop(object, eviction_reason::no_memory);
  // Each round either ends, or lost against another operation on the same shard (portable path: or found
  // every shard taken). After a few the object goes to the depot in a magazine of its own.
  for (int round = 0; round < 8; ++round) {
    if (spill(*state, object)) return;
    if (percpu::push(local_, state->shards, object) == percpu::result::done) return;
  }
  const std::uint32_t id = percpu::current_id(state->shards);
  auto [m, why_not] = state->acquire(id, 1);
  if (!m) return drop(object, why_not);
  m.add(object);
  state->count(event::put);
  state->park(id, m);
}

// Loads a new magazine with `object` in it, and parks the full one. False if the shard is not as it was
// seen, and nothing happened.
bool pool_core::spill(pool_state& state, void* object) noexcept {
  const std::uint32_t id = percpu::current_id(state.shards);
  void** const top = peek_top(local_, id);
  const auto seen = loaded_magazine::of(top);
  if (!seen.is_full()) return false;
  auto [fresh, why_not] = state.acquire(id, state.capacity_to_load(id));
  if (!fresh) {
    drop(object, why_not);
    return true;
  }
  fresh.add(object);
  std::uint32_t owner = id;
  if (percpu::exchange_top(local_, state.shards, top, loaded_magazine::top_of(fresh), owner) !=
      percpu::result::done) {
    state.abandon(id, fresh);
    return false;
  }
  const auto old = loaded_magazine::of(top);
  state.count(event::put, 1 + old.pushed());
  state.put_away(owner, old.now);
  if (old.now) state.note_spill(owner);
  return true;
}

pool_state* pool_core::state_for_put() noexcept {
  shard* bank = local_.load(std::memory_order_acquire);  // edge bank, acquire half
  if (state_of(bank) != nullptr) return state_of(bank);
  pool_state* const made = pool_state::create(*this);
  if (made == nullptr) return nullptr;
  // Edge bank, release half. Publishes the banks, depots and logs of a new state.
  if (!local_.compare_exchange_strong(bank, made->banks[0].shards, std::memory_order_release,
                                      std::memory_order_acquire)) {
    made->release();  // another thread was first
    return state_of(bank);
  }
  registry::add(*made);
  // An object may have been noted between the two.
  if (largest_.load(std::memory_order_relaxed) > made->own_budget.unit_bytes()) {
    registry::bounds_changed(*this);
  }
  return made;
}

void pool_core::count(event e, std::uint64_t n) noexcept {
  pool_state* const state = this->state();
  if (e == event::missed && n != 0) {  // the rest of a get_n()
    probes::miss(
        *this,
        state != nullptr ? static_cast<std::int32_t>(percpu::current_id(state->shards)) : probes::no_shard,
        n);
  }
  if (state == nullptr) return log_.add(e, n);
  state->count(e, n);
}

void pool_core::drop(void* object, eviction_reason why) noexcept {
  count(event::put);
  count(drop_for(why));
  const pool_state* const state = this->state();
  probes::drop(*this, why, 1, state != nullptr ? state->bytes_of(1) : traits_.bytes);
  evict(object, why);
}

void pool_core::set_max_idle(std::uint64_t objects) noexcept {
  max_idle_.store(objects, std::memory_order_relaxed);
  registry::bounds_changed(*this);
}

void pool_core::set_max_idle_bytes(std::uint64_t bytes) noexcept {
  max_idle_bytes_.store(bytes, std::memory_order_relaxed);
  registry::bounds_changed(*this);
}

// No object that is idle is larger than the largest of this cycle and of the one before, but for those that
// are kept beyond that.
void pool_core::apply_bounds(pool_state& state) const noexcept {
  idle_budget& own = state.own_budget;
  own.set_limit(max_idle_.load(std::memory_order_relaxed));
  own.set_max_bytes(max_idle_bytes_.load(std::memory_order_relaxed));
  const std::uint64_t measured = std::max(largest_.load(std::memory_order_relaxed),
                                          state.largest_before.load(std::memory_order_relaxed));
  own.set_unit_bytes(std::max<std::uint64_t>(1, measured != 0 ? measured : traits_.bytes));
}

bool pool_core::note_larger(std::uint64_t bytes) noexcept {
  const std::uint64_t most = max_idle_bytes_.load(std::memory_order_relaxed);
  if (bytes > most) return false;
  // In steps of an eighth, so that growing objects do not come here each time.
  const std::uint64_t step = std::max<std::uint64_t>(1, std::bit_floor(bytes) / 8);
  const std::uint64_t rounded =
      std::min(most, bytes > no_limit - step ? bytes : (bytes + step - 1) / step * step);
  std::uint64_t largest = largest_.load(std::memory_order_relaxed);
  while (largest < rounded &&
         !largest_.compare_exchange_weak(largest, rounded, std::memory_order_relaxed)) {}
  const pool_state* const state = this->state();
  if (state != nullptr && rounded > state->largest_before.load(std::memory_order_relaxed)) {
    registry::bounds_changed(*this);
  }
  return true;
}

// Under the registry's mutex, when a cycle has been through the pool.
void pool_core::note_cycle(pool_state& state) noexcept {
  const pool_stats now = stats();
  state.reused_before.store(now.reused(), std::memory_order_relaxed);
  state.missed_before.store(now.missed, std::memory_order_relaxed);
  // What is kept beyond two cycles may be larger than what was put in them.
  if (keep_at_least() != 0 || largest_.load(std::memory_order_relaxed) == 0) return;
  state.largest_before.store(largest_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
}

void pool_core::scatter(std::uint32_t to) noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) return;
  void** const top = peek_top(local_, percpu::current_id(state->shards));
  std::uint32_t owner = 0;
  if (percpu::exchange_top(local_, state->shards, top, no_magazine_top(), owner) == percpu::result::done) {
    state->put_away(to % state->shards, loaded_magazine::of(top).now);
    collector_thread::ensure_running();
  }
}

std::uint64_t pool_core::drain() noexcept {
  pool_state* const state = this->state();
  return state != nullptr ? registry::drain(*state) : 0;
}

}  // namespace ebb::detail
