// A hit, the ways back, and the end.
#include <ebb/detail/resource_core.hpp>

#include <utility>

#include "hits.hpp"
#include "keeper.hpp"
#include "limits.hpp"

namespace ebb::detail {

using std::chrono::nanoseconds;

resource_core::resource_core(const resource_limits& limits, resource_clock& clock)
    : limits_(checked(limits)),
      clock_(clock),
      care_period_(&clock == &resource_clock::real() ? care_period_of(limits_) : nanoseconds::zero()),
      is_keyed_(limits_.is_keyed),
      stamps_returns_(limits_.checks || limits_.idle_timeout != nanoseconds::zero()),
      capacity_(limits_.capacity),
      random_(static_cast<std::minstd_rand::result_type>(clock.now().time_since_epoch().count() ^
                                                         reinterpret_cast<std::intptr_t>(this))) {
  if (!is_keyed_) groups_.push_back(only_group_);
}

void resource_core::add_group(resource_group& g) noexcept {
  const guard lock(*this);
  groups_.push_back(g);
}

bool resource_core::remove_group(resource_group& g) noexcept {
  const guard lock(*this);
  // One that is to be left alone for a while is not forgotten while that lasts.
  if (g.open != 0 || g.kept_by != 0 || is_paused(g)) return false;
  groups_.remove(g);
  return true;
}

resource_entry* resource_core::take_now(resource_group& group, const setting_id& setting,
                                        const code_location& where) noexcept {
  const std::lock_guard lock(mutex_);  // nobody is woken
  if (closed_ || group.waiting != 0) return nullptr;
  resource_entry* const e =
      limits_.order == idle_order::newest_first ? group.idle.last() : group.idle.first();
  close_reason why{};
  if (e == nullptr || e->setting != setting || wants_check(*e) || is_stale(*e, why)) return nullptr;
  take_from_idle(*e);
  ++in_use_;
  note_taken(*e, where);
  return e;
}

void resource_core::give_back(resource_entry& e) noexcept {
  // In the child of a fork on_return would talk to the other side as the parent. (Nobody raises process_
  // while there are other threads.)
  take_back(e, e.process == process_ && (!limits_.resets || reset(e.resource)));
}

void resource_core::discard(resource_entry& e) noexcept { take_back(e, false); }

void resource_core::take_back(resource_entry& e, bool is_good) noexcept {
  guard lock(*this);
  if (e.process != process_) {
    forget_foreign(e);
  } else {
    note_left(e);
    if (is_good) {
      come_back(e, lock);
    } else {
      --in_use_;
      retire(e, close_reason::broken, lock);
    }
  }
  leave(lock);
}

void* resource_core::detach(resource_entry& e) noexcept {
  const setting_id setting = std::move(e.setting);  // may be the last that knows it
  void* const resource = e.resource;
  guard lock(*this);
  if (e.process != process_) {
    forget_foreign(e);
  } else {
    note_left(e);
    --in_use_;
    --e.group->open;
    ++counts_.detached;
    delete &e;
    serve();
  }
  leave(lock);
  return resource;
}

// The parent's: neither closed nor counted here.
void resource_core::forget_foreign(resource_entry& e) noexcept {
  delete &e;
  --kept_by_;
}

// With waiters in the queue.
void resource_core::hand_to_heir(resource_entry& e) noexcept {
  resource_waiter* const w = heir_of(e);
  if (w == nullptr) {
    make_idle(e);
    serve();
  } else if (w->group == e.group) {
    dequeue(*w);
    w->entry = &e;
    wake(*w);
  } else {
    --in_use_;
    dequeue(*w);
    take_place_of(e, *w);
    wake(*w);
  }
}

// Closes one that is in no list. Its place is free only then: until its end the other side has it, too.
// Returns whether it is `heir`'s, to open another one.
bool resource_core::retire(resource_entry& e, close_reason why, guard& lock,
                           resource_waiter* heir) noexcept {
  ++closing_;
  if (!close_counted(e, why, lock)) return false;
  if (heir != nullptr && may_open(*heir->group)) {
    take_place(*heir->group);
    return heir->has_place = true;
  }
  serve();
  return false;
}

// One that is counted in closing_. False in the child of a fork that happened meanwhile.
bool resource_core::close_counted(resource_entry& e, close_reason why, guard& lock) noexcept {
  resource_group& g = *e.group;
  ++inside_;
  const std::uint64_t process = process_;
  lock.unlock();
  destroy(e.resource, why);
  delete &e;
  lock.lock();
  if (process != process_) return false;
  --inside_;
  --closing_;
  --g.open;
  ++counts_.closed[static_cast<std::size_t>(why)];
  return true;
}

void resource_core::keep(resource_group& g) noexcept {
  const guard lock(*this);
  ++kept_by_;
  ++g.kept_by;
}

void resource_core::unkeep(resource_group& g) noexcept {
  guard lock(*this);
  --kept_by_;
  --g.kept_by;
  leave(lock);
}

// Where a core ends that its pool has left. The last thing to be done.
void resource_core::leave(guard& lock) noexcept {
  if (!closed_) return;
  changed_.notify_all();
  if (!abandoned_ || !everything_is_back() || kept_by_ != 0) return;
  lock.unlock();
  keeper::forget(*this);
  delete this;
}

}  // namespace ebb::detail
