// Who waits, and what they are granted.
#include "waiters.hpp"

#include <utility>

#include "hits.hpp"

namespace ebb::detail {

namespace {

// So often may others get something before one that would have to have a resource adapted or evicted for
// it. [vitess' smartconnpool]
constexpr unsigned most_passed_over = 8;

}  // namespace

void resource_core::guard::unlock_and_notify() {
  const std::shared_ptr<condition_variable> to_notify = std::move(core_.to_notify_);
  lock_.unlock();
  // Now the core may be gone, and so may be who waits, if it woke by itself.
  to_notify->notify_one();
}

// Behind those who came before it: also one that had its turn, and got something that turned out broken.
void resource_core::enqueue(resource_waiter& w) noexcept {
  resource_waiter* behind = nullptr;
  if (waiters_.last() != nullptr && waiters_.last()->ticket > w.ticket) {
    behind = waiters_.first();
    while (behind->ticket < w.ticket) behind = behind->next;
  }
  waiters_.insert_before(behind, w);
  w.is_queued = true;
  ++w.group->waiting;
}

void resource_core::dequeue(resource_waiter& w) noexcept {
  waiters_.remove(w);
  w.is_queued = false;
  --w.group->waiting;
  nudge(*w.group);  // it may have been the one that knew
}

void resource_core::wake(resource_waiter& w) noexcept {
  if (!w.is_in_advance) w.wake();
}

// The first of the group is the one that knows when a pause is over.
void resource_core::nudge(resource_group& g) noexcept {
  if (g.waiting == 0 || g.retry_after == std::chrono::nanoseconds::zero()) return;
  resource_waiter* w = waiters_.first();
  while (w->group != &g) w = w->next;
  wake(*w);
}

// Grants the places that are free, or, to those whose key has none, those of other keys' idle resources.
void resource_core::serve() noexcept {
  serve_those(false);
  // Openings that go on elsewhere are begun by those who have not begun one, so that each hears of its own.
  if (limits_.opens_elsewhere) serve_those(true);
}

void resource_core::serve_those(bool who_have_asked) noexcept {
  resource_waiter* following = nullptr;
  for (resource_waiter* w = waiters_.first(); w != nullptr; w = following) {
    following = w->next;
    const resource_group& g = *w->group;
    if (w->has_asked != who_have_asked) continue;
    // Each of those brings one to somebody.
    const bool has_one_coming = limits_.opens_elsewhere && g.opening >= g.waiting;
    if (!has_one_coming && may_open(g)) {
      dequeue(*w);
      take_place(*w->group);
      w->has_place = true;
      wake(*w);
    } else if (!has_one_coming && would_evict(g)) {
      resource_entry& e = *coldest(&g);
      take_from_idle(e);
      dequeue(*w);
      take_place_of(e, *w);
      wake(*w);
    } else if (!is_keyed_) {
      return;
    }
  }
}

// Likewise. Returns when to do it again even if nobody wakes who waits: when the pause of its group is
// over. Asked before: one that ends in between is seen by serve(), or by nobody.
resource_time resource_core::serve_and_look_again(const resource_group& g) noexcept {
  const bool paused = is_paused(g);
  serve();
  return paused ? g.retry_at : resource_clock::never;
}

// Who is to have one that comes back: whoever waits longest and can use it as it is. Null: nobody can use
// it. Of another group: it is to be closed, and its place that one's.
resource_waiter* resource_core::heir_of(const resource_entry& e) noexcept {
  resource_waiter* heir = nullptr;
  for (resource_waiter* w = waiters_.first(); w != nullptr; w = w->next) {
    const bool is_same = w->group == e.group;
    if (!is_same && !lacks_only_a_place(*w->group)) continue;
    const bool fits = is_same && w->setting == e.setting;
    if (fits || w->passed_over >= most_passed_over) {
      heir = w;
      break;
    }
    if (is_same && heir == nullptr) heir = w;
  }
  if (heir == nullptr) return nullptr;
  for (resource_waiter* w = waiters_.first(); w != heir; w = w->next) ++w->passed_over;
  return heir;
}

// Of one that is in no list: it is closed by the waiter, which then opens its own.
void resource_core::take_place_of(resource_entry& e, resource_waiter& w) noexcept {
  ++closing_;
  ++evicting_;
  w.evicts = &e;
  w.has_place = true;
  ++w.group->open;
  ++w.group->opening;
}

// What an opening failed with, to who asked for it, or else to who would have got it.
void resource_core::tell(std::uint64_t ticket, resource_group& g,
                         const std::exception_ptr& failed) noexcept {
  resource_waiter* heir = nullptr;
  for (resource_waiter* w = waiters_.first(); w != nullptr; w = w->next) {
    if (w->group != &g || (w->ticket != ticket && heir != nullptr)) continue;
    heir = w;
    if (w->ticket == ticket) break;
  }
  if (heir == nullptr) return;
  dequeue(*heir);
  heir->failed = failed;
  wake(*heir);
}

void resource_core::refuse_all(pool_errc why) noexcept {
  while (resource_waiter* const w = waiters_.first()) {
    dequeue(*w);
    w->refused = why;
    wake(*w);
  }
}

// One that came before the fork, in the child: the queue it was in, and what it was granted, is the
// parent's.
void resource_core::disown(resource_waiter& w) noexcept {
  w.process = process_;
  w.is_queued = w.has_place = false;
  if (w.entry != nullptr) forget_foreign(*std::exchange(w.entry, nullptr));
  delete std::exchange(w.evicts, nullptr);
  w.failed = nullptr;
  w.refused = pool_errc::cancelled;
}

void resource_core::give_up(resource_waiter& w, pool_errc why) noexcept {
  const guard lock(*this);
  if (is_foreign(w)) {
    disown(w);
    return wake(w);
  }
  if (!w.is_queued) return;
  dequeue(w);
  w.refused = why;
  wake(w);
}

void resource_core::drop(resource_waiter& w) noexcept {
  guard lock(*this);
  if (is_foreign(w)) disown(w);
  if (w.is_queued) dequeue(w);
  if (w.entry != nullptr) come_back(*std::exchange(w.entry, nullptr), lock);
  free_place(w, lock);
  leave(lock);
}

}  // namespace ebb::detail
