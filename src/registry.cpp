#include "registry.hpp"

#include <algorithm>
#include <new>

#include <ebb/collector.hpp>
#include <ebb/detail/mutex.hpp>

#include "pool_state.hpp"
#include "probes.hpp"
#include "process_budget.hpp"
#include "runtime.hpp"
#include "type_name.hpp"

namespace ebb {

void collect() noexcept { (void)detail::registry::run_cycle(eviction_reason::aged); }

std::uint64_t drain_pool(std::uint64_t id) { return id == 0 ? 0 : detail::registry::drain(id); }

std::uint64_t drain_all() noexcept { return detail::registry::drain_all(); }

namespace detail {

namespace {

// Never destroyed: pools may be used and die after every static destructor of this library.
struct registry_data {
  detail::mutex mutex;
  detail::condition_variable unpinned;
  pool_state* pools = nullptr;    // doubly linked; under mutex
  pool_state* doomed = nullptr;   // pools with something to destroy; under mutex
  std::uint64_t cycles = 0;       // under mutex
  std::uint64_t abandoned = 0;    // under mutex
  bool fence_failed = false;      // the last one; under mutex
  std::uint64_t last_number = 0;  // of a pool; under mutex
  // Pools that were put into for the first time, linked by `next`. Pushed by anyone, emptied under mutex.
  atomic<pool_state*> arrivals{nullptr};
};

registry_data& data() noexcept {
  alignas(registry_data) static std::byte storage[sizeof(registry_data)];
  static auto* const d = new (storage) registry_data;
  return *d;
}

void admit_arrivals(registry_data& d) noexcept {
  pool_state* newest = d.arrivals.exchange(nullptr, std::memory_order_acquire);  // edge arrivals
  pool_state* state = nullptr;
  while (newest != nullptr) {  // ids go to the oldest first
    pool_state* const older = newest->next;
    newest->next = state;
    state = newest;
    newest = older;
  }
  while (state != nullptr) {
    pool_state* const following = state->next;
    state->number = ++d.last_number;
    state->previous = nullptr;
    state->next = d.pools;
    if (d.pools != nullptr) d.pools->previous = state;
    d.pools = state;
    state = following;
  }
}

void queue_doomed(registry_data& d, pool_state& state) noexcept {
  if (state.in_doomed_list || !state.has_doomed()) return;
  state.in_doomed_list = true;
  state.next_doomed = d.doomed;
  d.doomed = &state;
}

// Everything of a cycle but the destructors, for the pools from `first` up to `end`. Returns false if the
// cycle was abandoned.
bool rotate(registry_data& d, pool_state* first, const pool_state* end, eviction_reason why) noexcept {
  // While the banks are changed what was the victim cannot be had, and what is put goes to the other bank:
  // each abandoned cycle costs some new objects, and where all are abandoned nothing ever destroys them. So
  // who failed last time asks before it changes anything. (45,000 objects instead of 300 after 300,000
  // cycles.)
  if (d.fence_failed && !fence()) {
    probes::cycle_abandoned(why);
    return false;
  }
  for (pool_state* p = first; p != end; p = p->next) p->rotate(why);
  d.fence_failed = !fence();
  if (d.fence_failed) {
    // Sections may still commit to either bank, and both stay in use: nobody touches their shards. What
    // has just been loaded in the other bank comes back with the next cycle that succeeds.
    for (pool_state* p = first; p != end; p = p->next) p->rotate_back();
    probes::cycle_abandoned(why);
    return false;
  }
  for (pool_state* p = first; p != end; p = p->next) p->retire();
  return true;
}

struct destroyed {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;    // about: what an object owns besides itself is not known
  std::uint64_t counted = 0;  // bytes, as budgets count
};

// Destroys what is doomed, one pool at a time, so that a destructor may itself destroy pools. With `only`
// what the pool with that number had is returned.
destroyed destroy_all_doomed(registry_data& d, std::uint64_t only = 0) noexcept {
  destroyed sum;
  std::unique_lock lock(d.mutex);
  while (pool_state* const state = d.doomed) {
    d.doomed = state->next_doomed;
    state->in_doomed_list = false;
    ++state->pins;
    lock.unlock();
    const std::uint64_t objects = state->destroy_doomed();
    if (only == 0 || only == state->number) {
      sum.objects += objects;
      sum.bytes += objects * state->weight();
      sum.counted += state->bytes_of(objects);
    }
    lock.lock();
    state->settle_destroyed(objects);
    if (--state->pins == 0) d.unpinned.notify_all();
  }
  process_budget::settle(d.pools);
  return sum;
}

}  // namespace

void registry::add(pool_state& state) noexcept {
  atomic<pool_state*>& arrivals = data().arrivals;
  pool_state* first = arrivals.load(std::memory_order_relaxed);  // relaxed: validated by the CAS
  do {
    state.next = first;
    // Edge arrivals, release half (acquire half: admit_arrivals): publishes `next`.
    //   If relaxed:  the collector follows a link that is not written yet.
    //   Checked by:  the model checker, mutants arrivals-release and arrivals-acquire.
  } while (
      !arrivals.compare_exchange_weak(first, &state, std::memory_order_release, std::memory_order_relaxed));
}

void registry::remove(pool_state& state) noexcept {
  registry_data& d = data();
  std::unique_lock lock(d.mutex);
  admit_arrivals(d);
  (state.previous != nullptr ? state.previous->next : d.pools) = state.next;
  if (state.next != nullptr) state.next->previous = state.previous;
  for (pool_state** p = &d.doomed; state.in_doomed_list; p = &(*p)->next_doomed) {
    if (*p != &state) continue;
    *p = state.next_doomed;
    state.in_doomed_list = false;
    break;
  }
  d.unpinned.wait(lock, [&] { return state.pins == 0; });
}

namespace {

// Everything of a cycle over all pools but the destructors. Under the mutex.
void cycle(registry_data& d, eviction_reason why) noexcept {
  admit_arrivals(d);
  if (rotate(d, d.pools, nullptr, why)) {
    ++d.cycles;
  } else {
    ++d.abandoned;
  }
  for (pool_state* p = d.pools; p != nullptr; p = p->next) p->look_at_bounds();
  process_budget::share_out(d.pools);
  // Pools may share a bound: what is a cycle old in any of them goes first.
  for (pool_state* p = d.pools; p != nullptr; p = p->next) p->doom_excess_of_victim();
  for (pool_state* p = d.pools; p != nullptr; p = p->next) {
    p->doom_excess_of_local();
    queue_doomed(d, *p);
  }
}

}  // namespace

std::uint64_t registry::run_cycle(eviction_reason why) noexcept {
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    probes::cycle_begin("", why);
    cycle(d, why);
  }
  const destroyed sum = destroy_all_doomed(d);
  const std::lock_guard lock(d.mutex);
  magazines().trim();
  probes::cycle_end("", why, sum.objects, sum.counted);
  return sum.bytes;
}

namespace {

// Under the mutex: everything of a drain but the destructors, for the pools from `first` up to `end`.
void doom_what_is_idle(registry_data& d, const char* name, pool_state* first,
                       const pool_state* end) noexcept {
  constexpr auto why = eviction_reason::drained;
  probes::cycle_begin(name, why);
  if (rotate(d, first, end, why)) (void)rotate(d, first, end, why);
  for (pool_state* p = first; p != end; p = p->next) queue_doomed(d, *p);
}

// And these. With `only` the objects of the pool with that number are counted, else all.
std::uint64_t end_drain(registry_data& d, const char* name, std::uint64_t only) noexcept {
  const destroyed sum = destroy_all_doomed(d, only);
  probes::cycle_end(name, eviction_reason::drained, sum.objects, sum.counted);
  return sum.objects;
}

}  // namespace

std::uint64_t registry::drain(pool_state& state) noexcept {
  const char* const name = state.core.name().c_str();
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    if (state.number == 0) return 0;  // its first put is not done: `next` is not ours
    doom_what_is_idle(d, name, &state, state.next);
  }
  return end_drain(d, name, state.number);
}

// Somebody else's pool: as soon as the mutex is released it may be gone, and its name with it. It is not
// pinned, since a destructor that runs here may destroy it, and would wait for that.
std::uint64_t registry::drain(std::uint64_t number) {
  registry_data& d = data();
  std::string name;
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    pool_state* p = d.pools;
    while (p != nullptr && p->number != number) p = p->next;
    if (p == nullptr) return 0;
    name = p->core.name();
    doom_what_is_idle(d, name.c_str(), p, p->next);
  }
  return end_drain(d, name.c_str(), number);
}

std::uint64_t registry::drain_all() noexcept {
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    doom_what_is_idle(d, "", d.pools, nullptr);
  }
  return end_drain(d, "", 0);
}

void registry::keep_nothing(bool on) noexcept { keeps_nothing.store(on, std::memory_order_relaxed); }

namespace {

// Under the mutex: of the pools with this budget, dooms what is over, and ages nothing. What is loaded
// counts with all its room, which is free once it is unloaded.
void bring_down(registry_data& d, const idle_budget& budget) noexcept {
  const auto each = [&](auto visit) {
    for (pool_state* p = d.pools; p != nullptr; p = p->next) {
      if (p->budget == &budget) visit(*p);
    }
  };
  each([](pool_state& p) {
    if (p.has_bound()) p.count_room();  // a pool without one goes on counting in its shards
  });
  if (budget.excess() == 0) return;
  bool refused = d.fence_failed && !fence();
  for (int turn = 0; turn < 2 && !refused; ++turn) {
    each([](pool_state& p) { p.change_banks(); });
    refused = !fence();
    each([&](pool_state& p) { refused ? p.change_banks() : p.unload_victim(); });
  }
  d.fence_failed = refused;
  each([](pool_state& p) { p.doom_excess_of_victim(); });
  each([&](pool_state& p) {
    p.doom_excess_of_local();
    queue_doomed(d, p);
  });
}

}  // namespace

void registry::bounds_changed(pool_core& core) noexcept {
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    pool_state* const state = core.state();
    // A state that is being made, or a pool that shares its bound with others, is looked at by the next
    // cycle.
    if (state == nullptr || state->number == 0 || state->budget != &state->own_budget) return;
    core.apply_bounds(*state);
    bring_down(d, state->own_budget);
  }
  (void)destroy_all_doomed(d);
}

void registry::bounds_changed(idle_budget& shared) noexcept {
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    bring_down(d, shared);
  }
  (void)destroy_all_doomed(d);
}

void registry::forget(idle_budget& budget) noexcept {
  const std::lock_guard lock(data().mutex);
  process_budget::forget(budget);
}

void registry::set_process_budget(std::uint64_t bytes) noexcept {
  registry_data& d = data();
  {
    // Under one lock: between the two no pool may die, and nobody set another total.
    const std::lock_guard lock(d.mutex);
    process_budget::set_total(bytes);
    cycle(d, eviction_reason::aged);
  }
  (void)destroy_all_doomed(d);
}

std::int64_t registry::process_budget_error() noexcept {
  registry_data& d = data();
  const std::lock_guard lock(d.mutex);
  admit_arrivals(d);
  return process_budget::error(d.pools);
}

std::vector<pool_info> registry::list() {
  registry_data& d = data();
  std::vector<pool_info> all;
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    for (const pool_state* p = d.pools; p != nullptr; p = p->next) {
      const pool_core& core = p->core;
      std::string name = core.name();
      if (core.limits_.is_tier) name += '/' + std::to_string(core.traits().bytes);
      all.push_back({p->number, std::move(name), type_name(core.traits().pool_type).text(), core.stats()});
    }
  }
  std::reverse(all.begin(), all.end());  // admitted at the front
  return all;
}

std::uint64_t registry::take_number() noexcept {
  registry_data& d = data();
  const std::lock_guard lock(d.mutex);
  admit_arrivals(d);
  return ++d.last_number;
}

registry::holding registry::held() noexcept {
  registry_data& d = data();
  const std::lock_guard lock(d.mutex);
  admit_arrivals(d);
  holding all;
  for (const pool_state* p = d.pools; p != nullptr; p = p->next) {
    const pool_state::holding one = p->held();
    all.bytes += one.objects * p->weight();
    all.nothing = all.nothing && one.nothing;
  }
  return all;
}

std::uint64_t registry::cycles() noexcept {
  const std::lock_guard lock(data().mutex);
  return data().cycles;
}

std::uint64_t registry::cycles_abandoned() noexcept {
  const std::lock_guard lock(data().mutex);
  return data().abandoned;
}

void registry::before_fork() noexcept { data().mutex.lock(); }

void registry::after_fork_in_parent() noexcept { data().mutex.unlock(); }

void registry::after_fork_in_child() noexcept {
  registry_data& d = data();
  admit_arrivals(d);
  for (pool_state* p = d.pools; p != nullptr; p = p->next) {
    p->pins = 0;  // the threads that held them do not exist here
    p->unlock_shards();
    queue_doomed(d, *p);  // what they left half destroyed, the next cycle finishes
  }
  new (&d.unpinned) detail::condition_variable;  // without the waiters it had in the parent
  d.mutex.unlock();
}

}  // namespace detail
}  // namespace ebb
