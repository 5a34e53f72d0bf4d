// The misses of get and put.
#include <ebb/detail/pool_core.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "collector_thread.hpp"
#include "pool_state.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace ebb::detail {

namespace {

// What this shard has loaded, as a guess: exchange_top() checks it.
void** peek_top(const atomic<shard*>& local, std::uint32_t id) noexcept {
  // Edge bank, acquire half. relaxed: the guess is checked.
  return local.load(std::memory_order_acquire)[id].top.load(std::memory_order_relaxed);
}

// Room of loaded magazines counts as used. So that the shards cannot set all of a small bound aside, they
// load no more than half of it.
pool_limits usable(pool_limits limits) noexcept {
  const std::uint64_t bound = limits.shared != nullptr ? limits.shared->limit() : limits.max_idle;
  const std::uint64_t share = bound / limits.weight / (2 * std::uint64_t{this_runtime().shards});
  limits.max_loaded = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(share, std::min(1u, limits.max_loaded), limits.max_loaded));
  return limits;
}

}  // namespace

pool_core::pool_core(object_traits traits, pool_limits limits, std::string name)
    : local_(this_runtime().vacant), traits_(traits), limits_(usable(limits)), name_(std::move(name)) {
  if (limits.max_loaded >= 1 && limits.max_loaded <= max_capacity) return;
  throw std::invalid_argument("ebb::object_pool \"" + name_ + "\": options.max_loaded is " +
                              std::to_string(limits.max_loaded) + "; valid are 1 to " +
                              std::to_string(max_capacity));
}

void pool_core::close() noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) return;
  registry::remove(*state);
  state->destroy_all();
}

pool_core::~pool_core() {
  if (pool_state* const state = this->state()) state->release();
}

void* pool_core::get_slow() noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) {
    shared_log_.add(event::missed, 1);
    return nullptr;
  }
  if (!percpu::has_rseq()) {  // the portable path's hit
    void* object;
    if (percpu::fallback::pop(local_, state->shards, object) == percpu::result::done) return object;
  }
  return find(*state);
}

void* pool_core::find(pool_state& state) noexcept {
  const std::uint32_t id = percpu::current_id(state.shards);
  found_magazine found = state.find(id);
  if (!found.magazine) {
    state.count(event::missed);
    collector_thread::ensure_running();
    return nullptr;
  }
  void* const object = found.magazine.take();
  use_rest(state, id, found, 1);
  return object;
}

// What becomes of a magazine that was found, after `taken` objects of it went to a caller.
void pool_core::use_rest(pool_state& state, std::uint32_t id, const found_magazine& found,
                         std::uint32_t taken) noexcept {
  const owned_magazine& m = found.magazine;
  state.count(found.from, taken);
  state.give_up(taken);
  if (found.from == event::reused_depot) state.log(id).note_refill(limits_.max_loaded);
  if (m.count() == 0) return magazines().release(m.block, id);
  // Only what is used gets young again; the rest of a victim's magazine goes on ageing.
  if (found.from == event::reused_victim) return state.victim().depots[id].push(m);
  load(state, id, m);
}

// Loads a magazine from a depot, if the shard is still empty; else gives it back.
void pool_core::load(pool_state& state, std::uint32_t id, owned_magazine m) noexcept {
  void** const top = peek_top(local_, id);
  std::uint32_t owner = id;
  if (loaded_magazine::of(top).now.count() != 0) return state.park(id, m);
  // It may be older than the burst that the shard has learned from.
  const std::uint32_t capacity = state.log(id).capacity.load(std::memory_order_relaxed);  // relaxed: a hint
  if (capacity > m.capacity()) m.widen(capacity - m.capacity());
  const std::uint32_t room = m.capacity() - m.count();
  if (const std::uint32_t granted = state.reserve(room); granted < room) {
    state.give_up(granted);
    m.close_up();
  }
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
}

void pool_core::keep(void* object) noexcept {
  pool_state* const state = state_for_put();
  if (state == nullptr) return drop(object, event::dropped_no_memory);
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
  collector_thread::ensure_running();
  const std::uint32_t capacity = state.log(id).capacity.load(std::memory_order_relaxed);  // relaxed: a hint
  auto [fresh, why_not] = state.acquire(id, capacity);
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
  return made;
}

void pool_core::count(event e, std::uint64_t n) noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) return shared_log_.add(e, n);
  state->count(e, n);
}

void pool_core::drop(void* object, event reason) noexcept {
  count(reason);
  traits_.destroy(object, traits_.context);
}

void pool_core::scatter(std::uint32_t to) noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) return;
  void** const top = peek_top(local_, percpu::current_id(state->shards));
  std::uint32_t owner = 0;
  if (percpu::exchange_top(local_, state->shards, top, no_magazine_top(), owner) == percpu::result::done) {
    state->put_away(to % state->shards, loaded_magazine::of(top).now);
  }
}

void pool_core::drain() noexcept {
  if (pool_state* const state = this->state()) registry::drain(*state);
}

}  // namespace ebb::detail
