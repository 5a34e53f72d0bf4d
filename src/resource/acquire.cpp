// acquire(), in steps that a thread or a coroutine takes.
#include <algorithm>
#include <optional>
#include <utility>

#include "hits.hpp"
#include "waiters.hpp"

namespace ebb::detail {

using std::chrono::nanoseconds;

bool resource_core::is_paused(const resource_group& g) const noexcept {
  return g.retry_after != nanoseconds::zero() && clock_.now() < g.retry_at;
}

bool resource_core::may_open(const resource_group& g) const noexcept {
  return !closed_ && open_now() < capacity_ && g.open < limits_.capacity_per_key &&
         opening_ + evicting_ < limits_.max_opening && !is_paused(g);
}

bool resource_core::lacks_only_a_place(const resource_group& g) const noexcept {
  return is_keyed_ && !closed_ && open_now() == capacity_ && g.open < limits_.capacity_per_key &&
         opening_ + evicting_ < limits_.max_opening && !is_paused(g);
}

// What has been idle for longest, in other groups than one. Looks at each group; an opening costs more.
resource_entry* resource_core::coldest(const resource_group* but_of) const noexcept {
  resource_entry* coldest = nullptr;
  for (const resource_group* other = groups_.first(); other != nullptr; other = other->next) {
    if (other == but_of || other->idle.empty()) continue;
    resource_entry* const e = other->idle.first();
    if (coldest == nullptr || e->came_back < coldest->came_back) coldest = e;
  }
  return coldest;
}

// One that has the setting, else one that has none, else one that has another.
resource_entry* resource_core::best_idle(const resource_waiter& w) const noexcept {
  const bool is_newest_first = limits_.order == idle_order::newest_first;
  resource_entry* clean = nullptr;
  resource_entry* other = nullptr;
  resource_entry* e = is_newest_first ? w.group->idle.last() : w.group->idle.first();
  for (; e != nullptr; e = is_newest_first ? e->previous : e->next) {
    if (e->setting == w.setting) return e;
    resource_entry*& first = e->setting == nullptr ? clean : other;
    if (first == nullptr) first = e;
  }
  return clean != nullptr ? clean : other;
}

// For one whose turn it is: an idle resource, or a place for one, or neither.
void resource_core::take(resource_waiter& w, guard& lock) noexcept {
  while (resource_entry* const e = best_idle(w)) {
    // Settings stay where they are as long as there is room for another resource. [vitess' smartconnpool]
    if (e->setting != w.setting && e->setting != nullptr && (w.has_place || may_open(*w.group))) break;
    close_reason why{};
    const bool is_over = is_stale(*e, why);
    take_from_idle(*e);
    if (!is_over) {
      ++in_use_;
      w.entry = e;
      return;
    }
    retire(*e, why, lock, w.has_place ? nullptr : &w);
    if (closed_) return;
    // They may be many, and on_close slow.
    if (w.deadline <= clock_.now()) {
      if (!w.has_place) w.refused = pool_errc::timed_out;
      return;
    }
  }
  if (w.has_place) return;
  // One that is being opened elsewhere and that nobody waits for is as good as one's own.
  if (limits_.opens_elsewhere && w.group->opening > w.group->waiting) return;
  if (may_open(*w.group)) {
    take_place(*w.group);
    w.has_place = true;
  } else if (would_evict(*w.group)) {
    resource_entry& e = *coldest(w.group);
    take_from_idle(e);
    take_place_of(e, w);
  }
}

void resource_core::take_place(resource_group& g) noexcept {
  ++opening_;
  ++g.opening;
  ++g.open;
}

// What it has not used.
void resource_core::free_place(resource_waiter& w, guard& lock) noexcept {
  if (!w.has_place) return;
  w.has_place = false;
  --w.group->opening;
  --w.group->open;
  if (resource_entry* const e = std::exchange(w.evicts, nullptr)) {
    if (!close_counted(*e, close_reason::evicted, lock)) return;
    --evicting_;
  } else {
    --opening_;
  }
  serve();
}

// Checks the resource it has been given, and gives it the setting that is wanted. False if it is no use: it
// is closed then, or w.failed says what is wrong.
bool resource_core::prepare(resource_waiter& w, guard& lock) noexcept {
  resource_entry& e = *w.entry;
  const bool is_to_be_checked = wants_check(e);
  const bool changes = e.setting != w.setting;
  if (!is_to_be_checked && !changes) return true;
  const std::uint64_t process = process_;
  ++inside_;
  lock.unlock();
  bool works = !is_to_be_checked || check(e.resource);
  std::exception_ptr failed;
  if (works && changes) {
    try {
      if (e.setting != nullptr) undo(e.setting.get(), e.resource);
    } catch (...) {  // one that works no more; there are others
      works = false;
    }
    try {
      if (works && w.setting != nullptr) apply(w.setting.get(), e.resource);
    } catch (...) {
      failed = std::current_exception();
      works = false;
    }
  }
  lock.lock();
  if (process != process_) {  // the program forked in there, and this is the child
    forget_foreign(*std::exchange(w.entry, nullptr));
    w.refused = pool_errc::cancelled;
    return false;
  }
  --inside_;
  if (works) {
    if (changes) {
      e.setting.swap(w.setting);  // the old one ends with the waiter, under no lock
      ++counts_.settings_changed;
    }
    return true;
  }
  w.entry = nullptr;
  --in_use_;
  w.failed = failed;
  retire(e, close_reason::broken, lock, failed ? nullptr : &w);
  return false;
}

resource_core::step resource_core::end(resource_waiter& w, step result) noexcept {
  w.is_in_advance = false;
  if (w.did_wait) {
    counts_.waited += w.waited;
    ++counts_.waits.counts[wait_histogram::bucket_of(w.waited)];
  }
  if (result == step::got) {
    note_taken(*w.entry, w.where);
    if (w.did_wait) ++counts_.acquired_after_waiting;
  } else if (!w.failed) {
    if (w.refused == pool_errc::timed_out) ++counts_.timed_out;
    if (w.refused == pool_errc::cancelled) ++counts_.cancelled;
    if (w.refused == pool_errc::too_many_waiters || w.refused == pool_errc::not_available)
      ++counts_.refused;
  }
  return result;
}

resource_core::step resource_core::advance(resource_waiter& w, resource_time& look_at) noexcept {
  guard lock(*this);
  return go_on(w, look_at, lock);
}

resource_core::step resource_core::go_on(resource_waiter& w, resource_time& look_at, guard& lock) noexcept {
  w.is_in_advance = true;
  if (w.ticket == 0) {
    w.ticket = ++tickets_;
    w.process = process_;
    w.has_turn = w.group->waiting == 0;
  }
  for (;;) {
    if (is_foreign(w)) disown(w);
    if (!w.is_queued && w.queued_at != resource_clock::never) {
      w.waited += clock_.now() - std::exchange(w.queued_at, resource_clock::never);
      w.has_turn = true;
    }
    if (w.is_queued) {
      look_at = serve_and_look_again(*w.group);
      if (!w.is_queued) continue;
      w.is_in_advance = false;
      return step::waits;
    }
    if (closed_ && !w.failed && !w.refused) w.refused = pool_errc::closed;
    if (w.failed || w.refused) break;
    if (w.has_turn && w.entry == nullptr && w.evicts == nullptr) {
      // Also with a place: something may have come back since it was granted.
      take(w, lock);
      if (closed_ || w.refused) continue;
    }
    if (w.entry != nullptr) {
      free_place(w, lock);
      if (closed_) continue;
      if (prepare(w, lock)) return end(w, step::got);
      // Checks of peers that do not answer take long, one after the other.
      if (!w.failed && !w.refused && w.deadline <= clock_.now()) w.refused = pool_errc::timed_out;
    } else if (w.evicts != nullptr) {
      resource_entry& e = *std::exchange(w.evicts, nullptr);
      if (close_counted(e, close_reason::evicted, lock)) {
        --evicting_;
        ++opening_;
        // Who waits for the key of the one that is closed may have another's place now.
        serve();
      } else {  // the child of a fork
        w.has_place = false;
        w.refused = pool_errc::cancelled;
      }
    } else if (w.has_place && limits_.opens_elsewhere) {
      w.has_place = false;
      if (!w.waits) {  // what is begun will be there the next time
        open_elsewhere(*w.group, 0, lock);
        w.refused = pool_errc::not_available;
        continue;
      }
      w.has_asked = true;
      wait(w);
      open_elsewhere(*w.group, w.ticket, lock);
    } else if (w.has_place) {
      w.has_place = false;
      w.entry = open_here(*w.group, lock, w.failed);
      w.process = process_;  // what it opened is this process', also if it forked meanwhile
    } else if (!w.waits) {
      w.refused = pool_errc::not_available;
    } else if (!w.did_wait && waiters_.size() >= limits_.max_waiters) {
      w.refused = pool_errc::too_many_waiters;
    } else {
      wait(w);
    }
  }
  if (w.entry != nullptr) {
    --in_use_;
    retire(*std::exchange(w.entry, nullptr), close_reason::closed, lock);
  }
  free_place(w, lock);
  const step result = end(w, step::refused);
  leave(lock);
  return result;
}

void resource_core::wait(resource_waiter& w) noexcept {
  w.did_wait = true;
  w.queued_at = clock_.now();
  enqueue(w);
}

resource_entry* resource_core::acquire(resource_group& group, const setting_id& setting,
                                       const request& wanted, std::error_code& refused) {
  // Before the lock, and so gone after it: with it may end a setting that nobody else knows, and the user's
  // code with that.
  thread_waiter w(*this);
  w.group = &group;
  w.setting = setting;
  w.waits = wanted.waits;
  if (w.waits) w.wakes = std::make_shared<condition_variable>();
  w.where = wanted.where;
  w.deadline = wanted.longest == nanoseconds::max() ? wanted.deadline : clock_.after(wanted.longest);
  resource_time look_at = resource_clock::never;
  guard lock(*this);
  step result = go_on(w, look_at, lock);
  while (result == step::waits) {
    block(w, wanted.stop, lock);
    result = go_on(w, look_at, lock);
  }
  if (result == step::got) return w.entry;
  if (w.failed) std::rethrow_exception(w.failed);
  refused = w.refused;
  return nullptr;
}

// Until it has left the queue. What it is granted is its own, also when its time was over in the same
// moment.
void resource_core::block(thread_waiter& w, const std::stop_token& stop, guard& lock) noexcept {
  ++inside_;
  const auto cancel = [&] { give_up(w, pool_errc::cancelled); };
  // Its constructor may call back at once, and its destructor waits for who is in it.
  std::optional<std::stop_callback<decltype(cancel)>> stops;
  if (stop.stop_possible()) {
    lock.unlock();
    stops.emplace(stop, cancel);
    lock.lock();
  }
  while (w.is_queued) {
    const resource_time look_at = serve_and_look_again(*w.group);
    if (!w.is_queued) break;
    if (clock_.now() >= w.deadline) {
      dequeue(w);
      w.refused = pool_errc::timed_out;
      break;
    }
    lock.wait_until(*w.wakes, std::min(w.deadline, look_at));
  }
  if (stops) {
    lock.unlock();
    stops.reset();
    lock.lock();
  }
  --inside_;
}

}  // namespace ebb::detail
