#include "registry.hpp"

#include <new>

#include <ebb/collector.hpp>

#include "mutex.hpp"
#include "pool_state.hpp"
#include "runtime.hpp"

namespace ebb {

void collect() noexcept { (void)detail::registry::run_cycle(); }

namespace detail {

namespace {

// Never destroyed: pools may be used and die after every static destructor of this library.
struct registry_data {
  detail::mutex mutex;
  detail::condition_variable unpinned;
  pool_state* pools = nullptr;   // doubly linked; under mutex
  pool_state* doomed = nullptr;  // pools with something to destroy; under mutex
  std::uint64_t cycles = 0;      // under mutex
  std::uint64_t abandoned = 0;   // under mutex
  bool fence_failed = false;     // the last one; under mutex
  // Pools that were put into for the first time, linked by `next`. Pushed by anyone, emptied under mutex.
  atomic<pool_state*> arrivals{nullptr};
};

registry_data& data() noexcept {
  alignas(registry_data) static std::byte storage[sizeof(registry_data)];
  static auto* const d = new (storage) registry_data;
  return *d;
}

void admit_arrivals(registry_data& d) noexcept {
  pool_state* state = d.arrivals.exchange(nullptr, std::memory_order_acquire);  // edge arrivals
  while (state != nullptr) {
    pool_state* const following = state->next;
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
bool rotate(registry_data& d, pool_state* first, const pool_state* end) noexcept {
  // While the banks are changed what was the victim cannot be had, and what is put goes to the other bank:
  // each abandoned cycle costs some new objects, and where all are abandoned nothing ever destroys them. So
  // who failed last time asks before it changes anything. (45,000 objects instead of 300 after 300,000
  // cycles.)
  if (d.fence_failed && !fence()) return false;
  for (pool_state* p = first; p != end; p = p->next) p->rotate();
  d.fence_failed = !fence();
  if (d.fence_failed) {
    // Sections may still commit to either bank, and both stay in use: nobody touches their shards. What
    // has just been loaded in the other bank comes back with the next cycle that succeeds.
    for (pool_state* p = first; p != end; p = p->next) p->rotate_back();
    return false;
  }
  for (pool_state* p = first; p != end; p = p->next) p->retire();
  return true;
}

// Destroys what is doomed, one pool at a time, so that a destructor may itself destroy pools. Returns about
// how many bytes that was.
std::uint64_t destroy_all_doomed(registry_data& d) noexcept {
  std::uint64_t bytes = 0;
  std::unique_lock lock(d.mutex);
  while (pool_state* const state = d.doomed) {
    d.doomed = state->next_doomed;
    state->in_doomed_list = false;
    ++state->pins;
    lock.unlock();
    bytes += state->destroy_doomed();
    lock.lock();
    if (--state->pins == 0) d.unpinned.notify_all();
  }
  return bytes;
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

std::uint64_t registry::run_cycle() noexcept {
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    if (rotate(d, d.pools, nullptr)) {
      ++d.cycles;
    } else {
      ++d.abandoned;
    }
    for (pool_state* p = d.pools; p != nullptr; p = p->next) queue_doomed(d, *p);
  }
  const std::uint64_t bytes = destroy_all_doomed(d);
  const std::lock_guard lock(d.mutex);
  magazines().trim();
  return bytes;
}

void registry::drain(pool_state& state) noexcept {
  registry_data& d = data();
  {
    const std::lock_guard lock(d.mutex);
    admit_arrivals(d);
    if (rotate(d, &state, state.next)) (void)rotate(d, &state, state.next);
    queue_doomed(d, state);
  }
  (void)destroy_all_doomed(d);
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
