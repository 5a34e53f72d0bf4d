#include "control.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include <ebb/collector.hpp>
#include <ebb/detail/atomics.hpp>

#include "../collector_thread.hpp"
#include "../probes.hpp"
#include "../registry.hpp"

namespace ebb::detail {

namespace {

using level_function = std::function<void(pressure_level, pressure_level)>;

bool watching_by_environment() noexcept {
  const char* const value = std::getenv("EBB_PRESSURE");
  if (value == nullptr) return true;
  const std::string_view text = value;
  if (text == "on" || text == "off") return text == "on";
  std::fprintf(stderr, "ebbpool: EBB_PRESSURE=%s is ignored; valid are on and off\n", value);
  return true;
}

// Never destroyed, like the registry.
struct control_data {
  std::mutex mutex;
  std::condition_variable called;                 // `calling` became false
  pressure_level reported = pressure_level::low;  // under mutex
  pressure_level kernel = pressure_level::low;    // under mutex
  // Written by the thread that `changing` stands for; read by anyone. relaxed: it orders nothing.
  atomic<pressure_level> in_force{pressure_level::low};
  bool changing = false;       // a thread makes in_force what it should be; under mutex
  bool relieve_again = false;  // under mutex
  bool keeps_unknown = false;  // whether keep_nothing() is on: after a fork in the midst of it; under mutex
  bool calling = false;        // `changed` runs; under mutex
  level_function changed;      // under mutex, or of who set `calling`
  std::string description;     // under mutex
  const bool off_by_environment = !watching_by_environment();
  // Written by watch_pressure() and on_pressure_change(). relaxed: both are hints for the collector's
  // thread.
  atomic<bool> wanted{!off_by_environment};
  atomic<bool> has_listener{false};

  static control_data& get() noexcept {
    alignas(control_data) static std::byte storage[sizeof(control_data)];
    static auto* const d = new (storage) control_data;
    return *d;
  }
  void settle(std::unique_lock<std::mutex>& lock) noexcept;
};

// Makes in_force what it should be, and does what follows from that outside of the mutex: destructors and
// the callback may come back here, on this thread or through others. They only write down what they want,
// and this loop sees it.
void control_data::settle(std::unique_lock<std::mutex>& lock) noexcept {
  if (changing) return;
  changing = true;
  for (;;) {
    const pressure_level before = in_force.load(std::memory_order_relaxed);
    const pressure_level now = std::max(reported, kernel);
    const bool again = std::exchange(relieve_again, false) && now == pressure_level::high;
    if (now == before && !again && !keeps_unknown) break;
    const bool switch_keeping = std::exchange(keeps_unknown, false) ||
                                (now == pressure_level::high) != (before == pressure_level::high);
    in_force.store(now, std::memory_order_relaxed);
    if (now != before) probes::level_changed(before, now);
    lock.unlock();
    // First, so that what is put meanwhile does not stay.
    if (switch_keeping) registry::keep_nothing(now == pressure_level::high);
    if (now > before || again) collector_thread::relieve(now == pressure_level::high ? 2 : 1);
    lock.lock();
    if (now == before || !changed) continue;
    calling = true;
    lock.unlock();
    changed(now, before);
    lock.lock();
    calling = false;
    called.notify_all();
  }
  changing = false;
}

}  // namespace

void pressure_control::kernel_says(pressure_level level, bool relieve_again) noexcept {
  control_data& d = control_data::get();
  std::unique_lock lock(d.mutex);
  d.kernel = level;
  d.relieve_again = d.relieve_again || relieve_again;
  d.settle(lock);
}

void pressure_control::watches(std::string_view description) noexcept {
  control_data& d = control_data::get();
  const std::lock_guard lock(d.mutex);
  try {
    d.description = description;
  } catch (const std::bad_alloc&) {
    d.description.clear();
  }
}

bool pressure_control::wanted() noexcept {
  return control_data::get().wanted.load(std::memory_order_relaxed);
}

bool pressure_control::has_listener() noexcept {
  return control_data::get().has_listener.load(std::memory_order_relaxed);
}

std::string pressure_control::description() {
  control_data& d = control_data::get();
  if (!wanted()) {
    return d.off_by_environment ? "not watched: EBB_PRESSURE=off" : "not watched: watch_pressure(false)";
  }
  if (cycle_period() == std::chrono::milliseconds::zero()) return "not watched: background cycles are off";
  if (!collector_thread::is_running()) {
    return "not watched yet: the collector's thread starts with the first puts";
  }
  const std::lock_guard lock(d.mutex);
  return d.description.empty() ? "not watched yet: the collector's thread has just started" : d.description;
}

void pressure_control::before_fork() noexcept { control_data::get().mutex.lock(); }

void pressure_control::after_fork_in_parent() noexcept { control_data::get().mutex.unlock(); }

void pressure_control::after_fork_in_child() noexcept {
  control_data& d = control_data::get();
  // The thread that was changing the level does not exist here, and the kernel has not said anything to
  // this process: the next report, or the child's own collector, settles it.
  d.keeps_unknown = d.keeps_unknown || d.changing;
  d.changing = false;
  d.calling = false;
  d.kernel = pressure_level::low;
  d.description.clear();
  new (&d.called) std::condition_variable;  // without the waiters it had in the parent
  d.mutex.unlock();
}

}  // namespace ebb::detail

namespace ebb {

using detail::control_data;

void report_pressure(pressure_level level) noexcept {
  control_data& d = control_data::get();
  std::unique_lock lock(d.mutex);
  d.reported = std::min(level, pressure_level::high);
  d.settle(lock);
}

pressure_level pressure() noexcept { return control_data::get().in_force.load(std::memory_order_relaxed); }

void on_pressure_change(std::function<void(pressure_level, pressure_level)> changed) {
  control_data& d = control_data::get();
  std::unique_lock lock(d.mutex);
  d.called.wait(lock, [&] { return !d.calling; });
  d.changed.swap(changed);  // the old one dies after the lock is released
  d.has_listener.store(static_cast<bool>(d.changed), std::memory_order_relaxed);
  lock.unlock();
  detail::collector_thread::wake();
}

void watch_pressure(bool watch) noexcept {
  control_data& d = control_data::get();
  d.wanted.store(watch, std::memory_order_relaxed);
  detail::collector_thread::wake();
}

}  // namespace ebb
