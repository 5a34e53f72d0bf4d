// Everything but acquire() and the ways back: the size, the end, and what time brings.
#include <ebb/detail/resource_core.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hits.hpp"
#include "keeper.hpp"
#include "waiters.hpp"

namespace ebb::detail {

using std::chrono::nanoseconds;

template <class Predicate>
resource_entry* resource_core::find_idle(Predicate is_it) const noexcept {
  for (const resource_group* g = groups_.first(); g != nullptr; g = g->next) {
    for (resource_entry* e = g->idle.first(); e != nullptr; e = e->next) {
      if (is_it(*e)) return e;
    }
  }
  return nullptr;
}

void resource_core::close_idle(close_reason why, const std::size_t& down_to, guard& lock) noexcept {
  while (staying() > down_to) {
    resource_entry* const e = coldest();
    if (e == nullptr) return;
    take_from_idle(*e);
    retire(*e, why, lock);
  }
}

void resource_core::set_capacity(std::size_t capacity) {
  if (capacity > most_capacity) {
    throw std::invalid_argument(title() + ": a capacity of " + std::to_string(capacity) +
                                "; valid are 0 to " + std::to_string(most_capacity));
  }
  guard lock(*this);
  capacity_ = capacity;
  close_idle(close_reason::surplus, capacity_, lock);
  serve();
  leave(lock);
}

void resource_core::reset_all() noexcept {
  guard lock(*this);
  const std::uint64_t generation = ++generation_;
  for (resource_group* g = groups_.first(); g != nullptr; g = g->next) g->retry_after = nanoseconds::zero();
  // Those that are idle now and no others: what comes back meanwhile is looked at when it does.
  while (resource_entry* const e =
             find_idle([&](const resource_entry& idle) { return idle.generation < generation; })) {
    take_from_idle(*e);
    retire(*e, close_reason::reset, lock);
  }
  serve();
  leave(lock);
}

std::size_t resource_core::prewarm(std::size_t count) {
  guard lock(*this);
  std::size_t made = 0;
  while (only_group_.open - closing_ < count && may_open(only_group_)) {
    std::exception_ptr failed;
    if (!open_spare(lock, failed)) {
      leave(lock);
      if (failed) std::rethrow_exception(failed);
      return made;
    }
    ++made;
  }
  leave(lock);
  return made;
}

// One that nobody asked for. False if it failed, and why, or if the pool was closed meanwhile.
bool resource_core::open_spare(guard& lock, std::exception_ptr& failed) noexcept {
  take_place(only_group_);
  if (limits_.opens_elsewhere) {
    const std::uint64_t failures = counts_.failed_to_open;
    open_elsewhere(only_group_, 0, lock);
    return !closed_ && counts_.failed_to_open == failures;
  }
  resource_entry* const e = open_here(only_group_, lock, failed);
  if (e == nullptr) return false;
  come_back(*e, lock);
  return !closed_;
}

bool resource_core::close(resource_time deadline) noexcept {
  guard lock(*this);
  closed_ = true;
  refuse_all(pool_errc::closed);
  close_idle(close_reason::closed, 0, lock);
  while (!everything_is_back()) {
    if (clock_.now() >= deadline) return false;
    lock.wait_until(changed_, deadline);
  }
  return true;
}

void resource_core::admit() noexcept {
  keeper::add(*this);
  if (limits_.keep_at_least != 0) keeper::ensure(*this);
}

void resource_core::abandon() noexcept {
  (void)close(resource_time::min());
  keeper::wait_until_done_with(
      *this);  // or it would call what the options were given after the pool is gone
  guard lock(*this);
  abandoned_ = true;
  leave(lock);
}

resource_stats resource_core::stats() const {
  const std::lock_guard lock(mutex_);
  resource_stats s = counts_;
  s.capacity = capacity_;
  s.in_use = in_use_;
  s.idle = idle_count_;
  s.opening = opening_;
  s.closing = closing_;
  s.waiters = waiters_.size();
  return s;
}

void resource_core::look_after() noexcept {
  const resource_time now = clock_.now();
  guard lock(*this);
  if (closed_) return;
  const std::uint64_t process = process_;
  ++inside_;
  expire_idle(now, lock);
  check_idle(now, lock);
  refill(lock);
  report_leaks(now, lock);
  serve();
  if (process == process_) --inside_;
  leave(lock);
}

void resource_core::expire_idle(resource_time now, guard& lock) noexcept {
  const auto is_over = [&](const resource_entry& e) {
    if (e.dies_at <= now) return true;
    return limits_.idle_timeout != nanoseconds::zero() && now - e.idle_since >= limits_.idle_timeout &&
           staying() > limits_.keep_at_least;
  };
  while (resource_entry* const e = find_idle(is_over)) {
    const bool is_old = e->dies_at <= now;
    take_from_idle(*e);
    retire(*e, is_old ? close_reason::lifetime : close_reason::idle, lock);
  }
}

void resource_core::check_idle(resource_time now, guard& lock) noexcept {
  if (limits_.check_every == nanoseconds::zero() || !limits_.checks) return;
  const auto is_due = [&](const resource_entry& e) {
    return now - std::max(e.checked_at, e.idle_since) >= limits_.check_every;
  };
  while (resource_entry* const e = find_idle(is_due)) {
    take_from_idle(*e);
    ++in_use_;
    e->checked_at = now;
    const resource_time idle_since = e->idle_since;
    ++inside_;
    const std::uint64_t process = process_;
    lock.unlock();
    const bool works = check(e->resource);
    lock.lock();
    if (process != process_) return forget_foreign(*e);
    --inside_;
    close_reason why = close_reason::broken;
    if (works && !is_stale(*e, why)) {
      // A check is no use.
      if (waiters_.empty()) {
        make_idle_again(*e);
      } else {
        hand_on(*e);
      }
      e->idle_since = idle_since;
    } else {
      --in_use_;
      retire(*e, why, lock);
    }
  }
}

// Where it was before it was taken out: among those that came back before and after it.
void resource_core::make_idle_again(resource_entry& e) noexcept {
  --in_use_;
  ++idle_count_;
  resource_entry* behind = e.group->idle.first();
  while (behind != nullptr && behind->came_back < e.came_back) behind = behind->next;
  e.group->idle.insert_before(behind, e);
}

void resource_core::refill(guard& lock) noexcept {
  while (staying() < std::min(limits_.keep_at_least, capacity_) && may_open(only_group_)) {
    // What it throws is counted, and tried again the next time, or by who needs one and then hears of it.
    std::exception_ptr failed;
    if (open_spare(lock, failed)) continue;
    lock.unlock();
    failed = nullptr;  // what was thrown is the user's, and may end with a call of the pool
    return lock.lock();
  }
}

void resource_core::report_leaks(resource_time now, guard& lock) noexcept {
  if (limits_.report_after == nanoseconds::zero()) return;
  for (;;) {
    resource_entry* e = leased_.first();
    while (e != nullptr && (e->is_reported || now - e->taken_at < limits_.report_after)) e = e->next;
    if (e == nullptr) return;
    e->is_reported = true;
    const leak_report leak{limits_.name, now - e->taken_at, e->taken_by};
    lock.unlock();
    report(leak);
    lock.lock();
  }
}

void resource_core::after_fork_in_child() noexcept {
  // Nobody is inside, and nothing of what is open is ours to close: the parent talks through the same
  // sockets. Leases that are out still come back.
  ++process_;
  kept_by_ += in_use_;
  for (resource_group* g = groups_.first(); g != nullptr; g = g->next) {
    g->idle.forget();
    g->open = g->opening = g->waiting = 0;
  }
  leased_.forget();
  waiters_.forget();
  idle_count_ = in_use_ = opening_ = closing_ = evicting_ = inside_ = 0;
  new (&changed_) condition_variable;
  mutex_.unlock();
}

}  // namespace ebb::detail
