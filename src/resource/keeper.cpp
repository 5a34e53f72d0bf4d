#include "keeper.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

#include "../registry.hpp"
#include "../signals_blocked.hpp"
#include "../type_name.hpp"

namespace ebb::detail {

namespace {

using std::chrono::nanoseconds;

constinit thread_local bool is_keeper = false;

// Never destroyed: static pools die after it would.
struct keeper_data {
  std::mutex mutex;
  std::condition_variable wakes;           // the thread: another core, or none
  std::condition_variable left;            // who forgets: `visited` is another
  intrusive_list<resource_core> cores;     // under mutex
  resource_core* following = nullptr;      // of the one the thread is with; under mutex
  const resource_core* visited = nullptr;  // the one it is with; under mutex
  bool runs = false;                       // under mutex

  static keeper_data& get() noexcept {
    alignas(keeper_data) static std::byte storage[sizeof(keeper_data)];
    static auto* const d = new (storage) keeper_data;
    return *d;
  }
  [[nodiscard]] nanoseconds period() const noexcept {
    nanoseconds shortest = nanoseconds::zero();
    for (const resource_core* c = cores.first(); c != nullptr; c = c->next) {
      const nanoseconds p = c->care_period();
      if (p != nanoseconds::zero()) shortest = shortest == nanoseconds::zero() ? p : std::min(shortest, p);
    }
    return shortest;
  }
  void run() noexcept;
};

// One core after the other, without the mutex; those that come or go meanwhile are another time's.
void keeper_data::run() noexcept {
  std::unique_lock lock(mutex);
  for (;;) {
    const nanoseconds period = this->period();
    if (period == nanoseconds::zero()) {
      runs = false;
      return;
    }
    (void)wakes.wait_for(lock, period);
    for (resource_core* c = cores.first(); c != nullptr; c = following) {
      following = c->next;
      if (c->care_period() == nanoseconds::zero()) continue;
      visited = c;
      lock.unlock();
      c->look_after();  // it may be gone after that
      lock.lock();
      visited = nullptr;
      left.notify_all();
    }
  }
}

// A fork finds no core in the midst of anything, and its child no thread.
struct keeper_fork_hooks {
  keeper_fork_hooks() noexcept { (void)::pthread_atfork(before, parent, child); }
  static void before() noexcept {
    keeper_data& d = keeper_data::get();
    d.mutex.lock();
    for (resource_core* c = d.cores.first(); c != nullptr; c = c->next) c->before_fork();
  }
  static void parent() noexcept {
    keeper_data& d = keeper_data::get();
    for (resource_core* c = d.cores.first(); c != nullptr; c = c->next) c->after_fork_in_parent();
    d.mutex.unlock();
  }
  static void child() noexcept {
    keeper_data& d = keeper_data::get();
    for (resource_core* c = d.cores.first(); c != nullptr; c = c->next) c->after_fork_in_child();
    d.visited = nullptr;
    d.runs = false;
    new (&d.wakes) std::condition_variable;  // without the waiters they had in the parent
    new (&d.left) std::condition_variable;
    d.mutex.unlock();
  }
};
const keeper_fork_hooks keeper_hooks_installed;

}  // namespace

void keeper::add(resource_core& core) noexcept {
  core.number = registry::take_number();
  keeper_data& d = keeper_data::get();
  const std::lock_guard lock(d.mutex);
  d.cores.push_back(core);
}

void keeper::forget(resource_core& core) noexcept {
  keeper_data& d = keeper_data::get();
  std::unique_lock lock(d.mutex);
  // It may just have come, to find that the core is closed; or this is the end of its own visit.
  if (!is_keeper) d.left.wait(lock, [&] { return d.visited != &core; });
  if (d.following == &core) d.following = core.next;
  d.cores.remove(core);
  d.wakes.notify_one();
}

void keeper::wait_until_done_with(const resource_core& core) noexcept {
  keeper_data& d = keeper_data::get();
  std::unique_lock lock(d.mutex);
  d.left.wait(lock, [&] { return d.visited != &core; });
}

void keeper::ensure(const resource_core& core) noexcept {
  if (core.care_period() == nanoseconds::zero()) return;
  keeper_data& d = keeper_data::get();
  const std::lock_guard lock(d.mutex);
  d.wakes.notify_one();  // its period may be shorter
  if (d.runs) return;
  const signals_blocked here;
  try {
    std::thread([&d] {
      (void)::pthread_setname_np(::pthread_self(), "ebb-keeper");
      is_keeper = true;
      d.run();
    }).detach();
    d.runs = true;
  } catch (const std::exception&) {  // no thread to be had; tried again with the next that is opened
  }
}

// No core dies meanwhile: that waits for the mutex. A core's own mutex is taken inside of this one, as
// before a fork, and never the other way round.
void keeper::list(std::vector<pool_info>& to) {
  keeper_data& d = keeper_data::get();
  const std::lock_guard lock(d.mutex);
  for (const resource_core* c = d.cores.first(); c != nullptr; c = c->next) {
    to.push_back({.id = c->number,
                  .name = c->name(),
                  .type = type_name(c->pool_type()).text(),
                  .stats = {},
                  .bounded = c->stats()});
  }
}

}  // namespace ebb::detail
