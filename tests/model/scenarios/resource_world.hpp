// A pool of connections for scenarios, and what has to be true of it. Stands for src/resource/clock.cpp and
// keeper.cpp, too: time passes where a scenario says so, or where somebody waits for it, and no thread but
// the scenario's looks after the pool.
#pragma once

#include <sys/single_threaded.h>

#include <array>

#include "checked.hpp"

// The library as it is, one translation unit.
#include "resource/acquire.cpp"
#include "resource/core.cpp"
#include "resource/limits.cpp"
#include "resource/opening.cpp"
#include "resource/upkeep.cpp"
#include "resource/waiters.cpp"

// The counts of shared_ptr, of which settings and openings are made.
extern "C" int __tsan_atomic32_fetch_add(volatile int* at, int n, int order) {
  const auto before = ebb::model::fetch_add(const_cast<int*>(at), 4, static_cast<unsigned>(n),
                                            static_cast<std::memory_order>(order), std::source_location{});
  return static_cast<int>(before);
}
// And those of stop tokens, which are compiled, and have to be kept out of scenarios: they tell threads of
// the system from each other, which the checker's are not.
extern "C" {
[[noreturn]] inline int no_stop_tokens() { ebb::model::give_up("stop tokens are not modelled"); }
int __tsan_atomic32_load(const volatile int*, int) { no_stop_tokens(); }
int __tsan_atomic32_fetch_sub(volatile int*, int, int) { no_stop_tokens(); }
int __tsan_atomic32_compare_exchange_weak(volatile int*, int*, int, int, int) { no_stop_tokens(); }
int __tsan_atomic32_compare_exchange_strong(volatile int*, int*, int, int, int) { no_stop_tokens(); }
}

namespace ebb::detail {

resource_clock::time_point resource_clock::now() noexcept { return {}; }
resource_clock::time_point resource_clock::coarse_now() noexcept { return {}; }
void resource_clock::wait_until(condition_variable&, std::unique_lock<mutex>&, time_point) {}
resource_clock& resource_clock::real() noexcept {
  static resource_clock c;
  return c;
}

// What keeper.cpp promises: the thread that looks after pools is known to be with one, or not.
struct keeper_visits {
  mutex lock;
  condition_variable left;
  const resource_core* visited = nullptr;
  bool is_known = true;
};
inline keeper_visits visits;
inline bool is_keeper = false;  // of each thread

// That thread, once.
inline void keeper_comes(resource_core& core) {
  std::unique_lock lock(visits.lock);
  if (!visits.is_known) return;
  visits.visited = &core;
  lock.unlock();
  is_keeper = true;
  core.look_after();
  lock.lock();
  visits.visited = nullptr;
  visits.left.notify_all();
}

void keeper::add(resource_core&) noexcept {}
void keeper::forget(resource_core&) noexcept {
  std::unique_lock lock(visits.lock);
  while (!is_keeper && visits.visited != nullptr) visits.left.wait(lock);
  visits.is_known = false;
}
void keeper::wait_until_done_with(const resource_core&) noexcept {
  std::unique_lock lock(visits.lock);
  while (visits.visited != nullptr) visits.left.wait(lock);
}
void keeper::ensure(const resource_core&) noexcept {}

}  // namespace ebb::detail

namespace ebb {

const std::error_category& pool_category() noexcept { return std::generic_category(); }

}  // namespace ebb

namespace ebb::model {

using detail::resource_clock;
using detail::resource_core;
using detail::resource_entry;
using detail::resource_group;
using detail::resource_limits;
using detail::resource_opening;
using detail::resource_waiter;
using detail::setting_id;
using step = resource_core::step;
using std::chrono::nanoseconds;
constexpr auto relaxed = std::memory_order_relaxed;

// Time: the same for all, and it never goes back. A wait with an end may reach it at any time.
class scenario_clock final : public resource_clock {
 public:
  [[nodiscard]] time_point now() noexcept override { return time_point(nanoseconds(now_.load(relaxed))); }
  [[nodiscard]] time_point coarse_now() noexcept override { return now(); }
  void wait_until(detail::condition_variable& wakes, std::unique_lock<detail::mutex>& lock,
                  time_point until) override {
    if (until == never) return wakes.wait(lock);
    if (wakes.wait_some_time(lock)) pass_until(until);
  }
  void pass_until(time_point until) noexcept {
    const std::int64_t to = until.time_since_epoch().count();
    std::int64_t before = now_.load(relaxed);
    while (before < to && !now_.compare_exchange_weak(before, to, relaxed)) {}
  }

 private:
  detail::atomic<std::int64_t> now_{1000};
};
inline constexpr resource_clock::time_point beginning{nanoseconds(1000)};

// Who has one writes to it: two at a time are a race, and so is one that comes after its end.
struct connection {
  int uses = 0;
  const void* setting = nullptr;
};
inline connection& of(const resource_entry& e) noexcept { return *static_cast<connection*>(e.resource); }

class connections final : public resource_core {
 public:
  connections(const resource_limits& l, resource_clock& clock)
      : resource_core(l, clock), bound(l.capacity) {}
  ~connections() override {
    ++ended;
    model::check(open.load(relaxed) == 0, "the core ends, and a connection is open");
  }

  std::size_t bound;  // more are never open at the other side; what is being opened or closed is
  detail::atomic<std::size_t> open{0};
  int failures = 0;                                        // so many openings fail...
  int tried = 0;                                           // ...of these; only where one is tried at a time
  bool works = true;                                       // says check
  bool is_good = true;                                     // says on_return
  std::array<std::shared_ptr<resource_opening>, 2> begun;  // elsewhere
  int begun_count = 0;
  bool drops_at_once = false;
  int reports = 0;
  inline static int ended = 0;

  [[nodiscard]] void* connect() {
    model::check(open.fetch_add(1, relaxed) < bound, "more is open than the capacity");
    return new connection;
  }
  // For a thread at the other side: waits for the first that is begun.
  [[nodiscard]] resource_opening& first_begun() {
    std::unique_lock lock(begun_mutex_);
    has_begun_.wait(lock, [&] { return begun_count > 0; });
    return *begun[0];
  }
  static const std::exception_ptr& no_answer() {
    static const std::exception_ptr e = std::make_exception_ptr(std::logic_error("no answer"));
    return e;
  }

 private:
  void* make(resource_group&) override {
    if (failures > 0 && tried++ < failures) std::rethrow_exception(no_answer());
    return connect();
  }
  void start_make(std::shared_ptr<resource_opening> o) override {
    if (drops_at_once) return drop_opening(*o);
    const std::lock_guard lock(begun_mutex_);
    begun[static_cast<std::size_t>(begun_count++)] = std::move(o);
    has_begun_.notify_one();
  }
  [[nodiscard]] bool check(void* r) noexcept override {
    ++static_cast<connection*>(r)->uses;
    return works;
  }
  [[nodiscard]] bool reset(void* r) noexcept override {
    ++static_cast<connection*>(r)->uses;
    return is_good;
  }
  void apply(const void* setting, void* r) override { static_cast<connection*>(r)->setting = setting; }
  void undo(const void* setting, void* r) override {
    model::check(static_cast<connection*>(r)->setting == setting, "what is undone was not applied");
    static_cast<connection*>(r)->setting = nullptr;
  }
  void destroy(void* r, close_reason) noexcept override {
    ++static_cast<connection*>(r)->uses;
    delete static_cast<connection*>(r);
    open.fetch_sub(1, relaxed);  // until then the other side has it
  }
  void report(const leak_report&) noexcept override { ++reports; }
  [[nodiscard]] const char* pool_type() const noexcept override { return ""; }

  detail::mutex begun_mutex_;
  detail::condition_variable has_begun_;
};

// Waits without a thread, as coroutines do. It comes again in settle(), if it was woken or told a time.
class guest : public resource_waiter {
 public:
  explicit guest(resource_group& g, setting_id wants = {}) : wanted(std::move(wants)) {
    group = &g;
    setting = wanted;
  }
  virtual ~guest() = default;
  void wake() noexcept override { is_woken = true; }
  step go_on(connections& core) {
    is_woken = false;
    return came_to = core.advance(*this, look_at);
  }
  [[nodiscard]] bool is_told(pool_errc why) const noexcept {
    return came_to == step::refused && refused == why;
  }
  const setting_id wanted;  // `setting` is another one in the end
  bool is_woken = false;
  step came_to = step::waits;
  resource_clock::time_point look_at = resource_clock::never;
};

// Likewise, but its executor is one of the scenario's threads: run() comes again as soon as it is woken.
class coroutine final : public guest {
 public:
  using guest::guest;
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    is_woken = true;
    wakes_.notify_one();
  }
  void run(connections& core) {
    while ((came_to = core.advance(*this, look_at)) == step::waits) {
      std::unique_lock lock(mutex_);
      while (!is_woken) core.clock().wait_until(wakes_, lock, look_at);
      is_woken = false;
    }
  }

 private:
  detail::mutex mutex_;
  detail::condition_variable wakes_;
};

// What an acquire() came to.
struct outcome {
  resource_entry* entry = nullptr;
  std::error_code refused;
  bool failed = false;
};

struct pool {
  explicit pool(const resource_limits& l) : core(*new connections(l, clock)), limits(l) {
    __libc_single_threaded = 0;  // shared_ptr asks
    (void)connections::no_answer();
    if (l.is_keyed) {
      for (resource_group& g : keys) core.add_group(g);
    }
    name(&core, sizeof core, "core");
    name(&clock, sizeof clock, "clock");
  }

  [[nodiscard]] resource_group& group(std::size_t key = 0) noexcept {
    return limits.is_keyed ? keys[key] : core.only_group();
  }
  outcome acquire(const resource_core::request& r = {}, std::size_t key = 0,
                  const setting_id& setting = {}) {
    outcome o;
    try {
      o.entry = core.acquire(group(key), setting, r, o.refused);
    } catch (const std::logic_error&) {
      o.failed = true;
    }
    if (o.entry != nullptr) {
      ++of(*o.entry).uses;
      check(of(*o.entry).setting == setting.get(), "a connection with another setting than was wanted");
    }
    return o;
  }
  [[nodiscard]] resource_entry* take(std::size_t key = 0) {
    const outcome o = acquire({}, key);
    check(o.entry != nullptr, "nothing is free");
    return o.entry;
  }
  outcome acquire_and_give_back(const resource_core::request& r = {}, std::size_t key = 0,
                                const setting_id& setting = {}) {
    const outcome o = acquire(r, key, setting);
    if (o.entry != nullptr) core.give_back(*o.entry);
    return o;
  }
  void queue(guest& g) { check(g.go_on(core) == step::waits, "it should wait"); }
  void give_back(guest& g) {
    if (g.came_to != step::got || g.entry == nullptr) return;
    ++of(*g.entry).uses;
    check(of(*g.entry).setting == g.wanted.get(), "a connection with another setting than was wanted");
    core.give_back(*std::exchange(g.entry, nullptr));
  }

  // When all threads are done, and all leases back: guests that are to come again do, until nobody is. No
  // waiter may be left then, counts are what there is, and nobody waits for what there is.
  void settle(std::initializer_list<guest*> guests = {}) {
    check_at_rest(guests);
    for (bool goes_on = true; goes_on;) {
      goes_on = false;
      for (guest* const g : guests) {
        give_back(*g);
        if (g->came_to != step::waits || (!g->is_woken && g->look_at == resource_clock::never)) continue;
        if (!g->is_woken) clock.pass_until(g->look_at);
        (void)g->go_on(core);
        goes_on = true;
      }
      check_at_rest(guests);
    }
    for (const guest* const g : guests) check(g->came_to != step::waits, "it would wait for ever");
  }
  void check_at_rest(std::initializer_list<guest*> guests = {}) {
    const resource_stats s = core.stats();
    std::size_t idle = 0, open = 0, opening = 0, waiting = 0, to_close = 0, queued = 0;
    for (std::size_t key = 0; key < (limits.is_keyed ? 2 : 1); ++key) {
      const resource_group& g = group(key);
      for (const resource_entry* e = g.idle.first(); e != nullptr; e = e->next) ++idle;
      open += g.open;
      opening += g.opening;
      waiting += g.waiting;
      if (g.waiting == 0) continue;
      check(g.idle.empty(), "somebody waits for what is idle");
      const bool is_free =
          s.open() < s.capacity && g.open < limits.capacity_per_key && s.opening < limits.max_opening;
      const bool has_one_coming = limits.opens_elsewhere && g.opening >= g.waiting;
      check(!is_free || has_one_coming || will_look(guests, g), "somebody waits for a place that is free");
    }
    for (const guest* const g : guests) {
      to_close += g->evicts != nullptr;
      queued += g->is_queued;
    }
    check(s.waiters == waiting && waiting == queued, "others are in the queue than are counted");
    check(s.idle == idle, "others are idle than are counted");
    check(open == s.open() + to_close && opening == s.opening + to_close,
          "the places of the keys are not those of the pool");
    check(core.open.load(relaxed) == s.idle + s.in_use + s.closing, "others are open than are counted");
    check(s.closing == to_close, "nobody is closing what is counted so");
  }
  static bool will_look(std::initializer_list<guest*> guests, const resource_group& group) {
    for (const guest* const g : guests) {
      if (g->group == &group && g->is_queued && (g->is_woken || g->look_at != resource_clock::never))
        return true;
    }
    return false;
  }
  // All of the above, and the end of the pool.
  void end(std::initializer_list<guest*> guests = {}) {
    settle(guests);
    for (std::size_t key = 0; key < (limits.is_keyed ? 2 : 1); ++key) {
      const resource_group& g = group(key);
      check(g.open == g.idle.size() && g.opening == 0, "a key has other places than connections");
    }
    check(core.close(resource_clock::time_point::min()), "not everything is back");
    check(core.open.load(relaxed) == 0, "a connection is open, and nobody knows of it");
    core.abandon();
    check_ended();
  }
  static void check_ended() { check(connections::ended == 1, "the core did not end once"); }

  scenario_clock clock;
  connections& core;
  const resource_limits limits;
  resource_group keys[2];
};

}  // namespace ebb::model
