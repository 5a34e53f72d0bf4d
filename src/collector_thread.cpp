#include "collector_thread.hpp"

#include <malloc.h>
#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <span>
#include <stdexcept>
#include <string>

#include <ebb/collector.hpp>

#include "cycle_clock.hpp"
#include "pressure/control.hpp"
#include "pressure/watch.hpp"
#include "registry.hpp"
#include "signals_blocked.hpp"
#include "waker.hpp"

namespace ebb::detail {

using std::chrono::milliseconds;

atomic<collector_thread::word> collector_thread::word_{word::unsettled};

namespace {

milliseconds period_from_environment() noexcept {
  const char* const value = std::getenv("EBB_CYCLE_PERIOD_MS");
  if (value == nullptr) return default_cycle_period;
  long long ms = -1;
  const char* const end = value + std::strlen(value);
  const auto [stop, error] = std::from_chars(value, end, ms);
  if (error == std::errc{} && stop == end && ms >= 0 && ms <= max_cycle_period.count()) {
    return milliseconds{ms};
  }
  std::fprintf(stderr,
               "ebbpool: EBB_CYCLE_PERIOD_MS=%s is ignored; valid are 0 (off) to %lld milliseconds\n",
               value, static_cast<long long>(max_cycle_period.count()));
  return default_cycle_period;
}

void trim_malloc() {
#if defined(__GLIBC__)
  (void)::malloc_trim(0);
#endif
}

atomic<void (*)()> trim{trim_malloc};

// As much has to be destroyed before it is worth a look at the whole heap.
constexpr std::uint64_t trim_from_bytes = std::uint64_t{1024} * 1024;

// Without a descriptor to be woken by, the others are polled so often.
constexpr milliseconds without_waker{250};

// Bytes that cycles destroyed since the last trim. relaxed: a count.
atomic<std::uint64_t> untrimmed{0};

void trim_after(std::uint64_t destroyed) noexcept {
  const std::uint64_t sum = untrimmed.fetch_add(destroyed, std::memory_order_relaxed) + destroyed;
  // relaxed: what the function needs is its setter's to publish.
  void (*const trim_now)() = trim.load(std::memory_order_relaxed);
  if (sum < trim_from_bytes || trim_now == nullptr) return;
  untrimmed.store(0, std::memory_order_relaxed);
  trim_now();
}

}  // namespace

// Never destroyed, like the registry.
struct collector_data {
  using clock = cycle_clock::clock;
  using time_point = cycle_clock::time_point;
  using word = collector_thread::word;
  enum class state { off, running, exiting };

  std::mutex mutex;
  std::condition_variable changed;                  // for a thread without a waker
  state now = state::off;                           // under mutex
  milliseconds period = period_from_environment();  // under mutex
  unsigned changes = 0;                             // of the period; under mutex
  bool woken = false;                               // something is to be looked at; under mutex
  bool polling = false;                             // the thread is in poll(); under mutex
  pthread_t thread{};                               // valid while running
  bool hooks_installed = false;                     // under mutex
  waker wake_up;

  // The thread's own.
  pressure_watch watch{watch_sources{}};
  std::array<pollfd, 1 + pressure_watch::most_descriptors> polled{};
  std::size_t polled_count = 0;
  time_point refreshed{};

  static collector_data& get() noexcept {
    alignas(collector_data) static std::byte storage[sizeof(collector_data)];
    static auto* const d = new (storage) collector_data;
    return *d;
  }
  // Under mutex. What rests has to be woken by somebody, so the word stays.
  void settle() noexcept {
    const bool nothing_to_start = now != state::off || period == milliseconds::zero();
    word seen = collector_thread::word_.load(std::memory_order_relaxed);  // a hint, as all of its uses
    const word next = nothing_to_start ? word::settled : word::unsettled;
    while (seen != word::resting &&
           !collector_thread::word_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) {}
  }
  void end_rest() noexcept {
    word seen = word::resting;
    (void)collector_thread::word_.compare_exchange_strong(seen, word::settled, std::memory_order_relaxed,
                                                          std::memory_order_relaxed);
  }
  // Under mutex. False if the thread polls, and cannot be told.
  bool notify() noexcept {
    woken = true;
    changed.notify_all();
    return wake_up.wake() || !polling;
  }
  // Not another's: after a fork inside a destructor that the collector runs, the child's main thread is the
  // one that was the collector, and there may be a new one.
  [[nodiscard]] bool this_thread_runs() const noexcept {
    return now == state::running && pthread_equal(thread, pthread_self()) != 0;
  }

  static void* main(void* self) noexcept;
  time_point round(cycle_clock& cycles) noexcept;
  void listen() noexcept;
  void stop_listening() noexcept;
  void wait(std::unique_lock<std::mutex>& lock, time_point until, bool rests) noexcept;
  // Returns false if this cannot be polled.
  bool poll_until(time_point until) noexcept;
  static void stop_at_exit() noexcept;
  void install_hooks() noexcept;
};

void* collector_data::main(void* self) noexcept {
  collector_data& d = *static_cast<collector_data*>(self);
  cycle_clock cycles;
  std::unique_lock lock(d.mutex);
  unsigned seen = d.changes;
  cycles.set_period(d.period, clock::now());
  const auto go_on = [&d] { return d.this_thread_runs() && d.period > milliseconds::zero(); };
  while (go_on()) {
    lock.unlock();
    const time_point until = d.round(cycles);
    lock.lock();
    if (go_on() && seen == d.changes) d.wait(lock, until, cycles.rests());
    if (seen != d.changes) {
      seen = d.changes;
      cycles.set_period(d.period, clock::now());
    }
    if (go_on() || !d.this_thread_runs()) continue;
    lock.unlock();  // switched off
    d.stop_listening();
    lock.lock();
  }
  if (d.this_thread_runs()) {
    d.now = state::off;
    (void)pthread_detach(d.thread);
    d.end_rest();
    d.settle();
  }
  return nullptr;
}

// Does what is due. Returns when something will be again.
collector_data::time_point collector_data::round(cycle_clock& cycles) noexcept {
  listen();
  const auto the_word = [] { return collector_thread::word_.load(std::memory_order_relaxed); };
  const time_point now_is = clock::now();
  if (cycles.rests()) {
    if (the_word() != word::resting || !registry::held().nothing) {
      cycles.start(now_is);
    } else if (now_is >= cycles.due(false)) {
      cycles.rest(now_is);
    }
  } else if (now_is >= cycles.due(pressure() != pressure_level::low)) {
    const std::uint64_t destroyed = registry::run_cycle(eviction_reason::aged);
    trim_after(destroyed);
    const registry::holding left = registry::held();
    cycles.cycle_done(destroyed, left.bytes, left.nothing, clock::now());
    if (!cycles.long_empty() || wake_up.get() < 0) {
      end_rest();
    } else if (the_word() != word::resting) {
      collector_thread::word_.store(word::resting, std::memory_order_relaxed);
    } else if (cycles.may_rest()) {  // asked before this cycle, and nobody came
      cycles.rest(clock::now());
    }
  }
  // As often as it wakes anyhow: at each cycle, and with each look where there is a limit already.
  if (watch.is_open() && now_is >= refreshed + pressure_watch::refresh_interval) {
    watch.refresh(now_is);
    refreshed = now_is;
  }
  return cycles.due(pressure() != pressure_level::low);
}

// Takes what poll() said, and does what follows from it.
void collector_data::listen() noexcept {
  if (!pressure_control::wanted()) return stop_listening();
  const time_point now_is = clock::now();
  if (!watch.is_open()) watch.open(now_is);
  const auto verdict = watch.notice({polled.data(), polled_count}, now_is);
  polled_count = 0;
  if (watch.has_news()) pressure_control::watches(watch.description());
  pressure_control::kernel_says(verdict.level, verdict.relieve_again);
}

void collector_data::stop_listening() noexcept {
  polled_count = 0;
  if (!watch.is_open()) return;
  watch.close();
  pressure_control::watches({});
  pressure_control::kernel_says(pressure_level::low, false);
}

bool collector_data::poll_until(time_point until) noexcept {
  using namespace std::chrono;
  const auto left = std::max<nanoseconds>(until - clock::now(), nanoseconds::zero());
  const auto whole = duration_cast<seconds>(left);
  const timespec timeout{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
  return ::ppoll(polled.data(), polled_count, &timeout, nullptr) >= 0;
}

void collector_data::wait(std::unique_lock<std::mutex>& lock, time_point until, bool rests) noexcept {
  polled_count = 0;
  if (watch.is_open()) {
    polled_count = watch.descriptors(std::span{polled}.first<pressure_watch::most_descriptors>());
    const auto look = watch.next(!rests || pressure_control::has_listener());
    if (look) until = std::min(until, *look);
  }
  const std::size_t others = polled_count;
  bool done = woken;
  if (!done && wake_up.open()) {
    polled[polled_count++] = {.fd = wake_up.get(), .events = POLLIN, .revents = 0};
    polling = true;
    lock.unlock();
    done = poll_until(until);
    lock.lock();
    polling = false;
    if (done && (polled[others].revents & POLLNVAL) != 0) wake_up.forget();
    wake_up.settle();
  }
  if (!done) {
    // No descriptor left for a waker; or poll() takes none at all, as under RLIMIT_NOFILE = 0.
    if (others != 0 || wake_up.get() >= 0) until = std::min(until, clock::now() + without_waker);
    (void)changed.wait_until(lock, until, [this] { return woken; });
    polled_count = others;
    if (!poll_until(time_point{})) polled_count = 0;
  }
  woken = false;
}

void collector_data::stop_at_exit() noexcept {
  collector_data& d = get();
  std::unique_lock lock(d.mutex);
  const bool join = d.now == state::running && pthread_equal(d.thread, pthread_self()) == 0;
  d.now = state::exiting;
  d.end_rest();
  d.settle();
  const bool told = d.notify();
  lock.unlock();
  if (!join) return;
  // Somebody closed its descriptor: it may poll for a minute, and does nothing when it is back.
  (void)(told ? pthread_join(d.thread, nullptr) : pthread_detach(d.thread));
}

void collector_data::install_hooks() noexcept {
  if (hooks_installed) return;
  hooks_installed = true;
  (void)std::atexit(stop_at_exit);
}

void collector_thread::start() noexcept {
  using state = collector_data::state;
  collector_data& d = collector_data::get();
  word seen = word::resting;
  if (word_.compare_exchange_strong(seen, word::settled, std::memory_order_relaxed,
                                    std::memory_order_relaxed)) {
    (void)d.wake_up.wake();
    return;
  }
  // Tried, not waited for: this runs inside get and put, and somebody else is starting it already.
  const std::unique_lock lock(d.mutex, std::try_to_lock);
  if (!lock) return;
  d.settle();
  if (d.now != state::off || d.period == milliseconds::zero()) return;
  d.install_hooks();
  d.now = state::running;
  const signals_blocked here;
  if (pthread_create(&d.thread, nullptr, collector_data::main, &d) != 0) {
    d.now = state::off;  // no thread to be had; the next miss tries again
  } else {
    (void)pthread_setname_np(d.thread, "ebb-collector");
  }
  d.settle();
}

bool collector_thread::is_running() noexcept {
  const std::lock_guard lock(collector_data::get().mutex);
  return collector_data::get().now == collector_data::state::running;
}

void collector_thread::wake() noexcept {
  collector_data& d = collector_data::get();
  const std::lock_guard lock(d.mutex);
  (void)d.notify();
}

void collector_thread::relieve(int cycles) noexcept {
  std::uint64_t destroyed = 0;
  for (int i = 0; i < cycles; ++i) destroyed += registry::run_cycle(eviction_reason::pressure);
  trim_after(destroyed);
}

namespace {

// Installed while the library is loaded, so that no fork can come before.
struct fork_hooks {
  fork_hooks() noexcept { (void)pthread_atfork(before, in_parent, in_child); }

  static void before() noexcept {
    collector_data::get().mutex.lock();
    pressure_control::before_fork();
    registry::before_fork();
  }
  static void in_parent() noexcept {
    registry::after_fork_in_parent();
    pressure_control::after_fork_in_parent();
    collector_data::get().mutex.unlock();
  }
  static void in_child() noexcept {
    registry::after_fork_in_child();
    pressure_control::after_fork_in_child();
    collector_data& d = collector_data::get();
    if (d.now == collector_data::state::running) d.now = collector_data::state::off;
    d.end_rest();
    d.settle();
    // What the parent's descriptors mean is the parent's: its group, its thread. Strings may be half
    // written; they are left behind.
    d.wake_up.close_inherited();
    d.watch.close_inherited();
    new (&d.watch) pressure_watch{watch_sources{}};
    d.polled_count = 0;
    d.polling = d.woken = false;
    new (&d.changed) std::condition_variable;  // without the waiter it had in the parent
    d.mutex.unlock();
  }
};
const fork_hooks installed;

}  // namespace

}  // namespace ebb::detail

namespace ebb {

void set_cycle_period(std::chrono::milliseconds period) {
  if (period < std::chrono::milliseconds::zero() || period > max_cycle_period) {
    throw std::invalid_argument("ebb::set_cycle_period: " + std::to_string(period.count()) +
                                " ms; valid are 0 (off) to " + std::to_string(max_cycle_period.count()) +
                                " ms");
  }
  detail::collector_data& d = detail::collector_data::get();
  const std::lock_guard lock(d.mutex);
  d.period = period;
  ++d.changes;
  d.end_rest();
  d.settle();
  (void)d.notify();
}

void set_trim(void (*function)()) noexcept { detail::trim.store(function, std::memory_order_relaxed); }

std::chrono::milliseconds cycle_period() noexcept {
  detail::collector_data& d = detail::collector_data::get();
  const std::lock_guard lock(d.mutex);
  return d.period;
}

}  // namespace ebb
