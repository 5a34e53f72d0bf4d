#include "collector_thread.hpp"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

#include <ebb/collector.hpp>

#include "registry.hpp"

namespace ebb::detail {

using std::chrono::milliseconds;

atomic<bool> collector_thread::settled_{false};

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

}  // namespace

// Never destroyed, like the registry.
struct collector_data {
  enum class state { off, running, exiting };

  std::mutex mutex;
  std::condition_variable changed;
  state now = state::off;                           // under mutex
  milliseconds period = period_from_environment();  // under mutex
  pthread_t thread{};                               // valid while running
  bool hooks_installed = false;                     // under mutex

  static collector_data& get() noexcept {
    alignas(collector_data) static std::byte storage[sizeof(collector_data)];
    static auto* const d = new (storage) collector_data;
    return *d;
  }
  void settle() noexcept {
    const bool nothing_to_start = now != state::off || period == milliseconds::zero();
    collector_thread::settled_.store(nothing_to_start, std::memory_order_relaxed);  // a hint
  }

  static void* main(void* self) noexcept;
  static void stop_at_exit() noexcept;
  void install_hooks() noexcept;
};

void* collector_data::main(void* self) noexcept {
  collector_data& d = *static_cast<collector_data*>(self);
  std::uint64_t destroyed = 0;  // bytes since the last trim
  std::unique_lock lock(d.mutex);
  while (d.now == state::running && d.period > milliseconds::zero()) {
    const milliseconds period = d.period;
    const bool woken =
        d.changed.wait_for(lock, period, [&] { return d.now != state::running || d.period != period; });
    if (woken) continue;
    lock.unlock();
    destroyed += registry::run_cycle();
    // relaxed: what the function needs is its setter's to publish.
    void (*const trim_now)() = trim.load(std::memory_order_relaxed);
    if (destroyed >= trim_from_bytes && trim_now != nullptr) {
      trim_now();
      destroyed = 0;
    }
    lock.lock();
  }
  if (d.now == state::running) {  // switched off
    d.now = state::off;
    (void)pthread_detach(d.thread);
    d.settle();
  }
  return nullptr;
}

void collector_data::stop_at_exit() noexcept {
  collector_data& d = get();
  std::unique_lock lock(d.mutex);
  const bool join = d.now == state::running && pthread_equal(d.thread, pthread_self()) == 0;
  d.now = state::exiting;
  d.settle();
  d.changed.notify_all();
  lock.unlock();
  if (join) (void)pthread_join(d.thread, nullptr);
}

void collector_data::install_hooks() noexcept {
  if (hooks_installed) return;
  hooks_installed = true;
  (void)std::atexit(stop_at_exit);
}

void collector_thread::start() noexcept {
  using state = collector_data::state;
  collector_data& d = collector_data::get();
  // Tried, not waited for: this runs inside get and put, and somebody else is starting it already.
  const std::unique_lock lock(d.mutex, std::try_to_lock);
  if (!lock) return;
  d.settle();
  if (d.now != state::off || d.period == milliseconds::zero()) return;
  d.install_hooks();
  // The thread inherits the mask: signals meant for the program never land in it.
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  d.now = state::running;
  const int error = pthread_create(&d.thread, nullptr, collector_data::main, &d);
  (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
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

namespace {

// Installed while the library is loaded, so that no fork can come before.
struct fork_hooks {
  fork_hooks() noexcept { (void)pthread_atfork(before, in_parent, in_child); }

  static void before() noexcept {
    collector_data::get().mutex.lock();
    registry::before_fork();
  }
  static void in_parent() noexcept {
    registry::after_fork_in_parent();
    collector_data::get().mutex.unlock();
  }
  static void in_child() noexcept {
    registry::after_fork_in_child();
    collector_data& d = collector_data::get();
    if (d.now == collector_data::state::running) d.now = collector_data::state::off;
    d.settle();
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
  d.settle();
  d.changed.notify_all();
}

void set_trim(void (*function)()) noexcept { detail::trim.store(function, std::memory_order_relaxed); }

std::chrono::milliseconds cycle_period() noexcept {
  detail::collector_data& d = detail::collector_data::get();
  const std::lock_guard lock(d.mutex);
  return d.period;
}

}  // namespace ebb
