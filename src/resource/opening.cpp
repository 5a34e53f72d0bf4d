// How resources are opened: by the caller, or elsewhere.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "hits.hpp"
#include "keeper.hpp"
#include "waiters.hpp"

namespace ebb::detail {

using std::chrono::nanoseconds;

namespace {

std::exception_ptr given_up(const std::string& title) noexcept {
  return std::make_exception_ptr(
      std::logic_error(title + ": options.make_async gave its opening up without a result"));
}

}  // namespace

void resource_core::note_opened(resource_entry& e, void* resource) noexcept {
  e.resource = resource;
  e.group->retry_after = nanoseconds::zero();
  ++counts_.opened;
  if (limits_.max_lifetime == nanoseconds::zero()) return;
  const auto jitter =
      std::uniform_int_distribution<nanoseconds::rep>(0, limits_.lifetime_jitter.count())(random_);
  e.dies_at = clock_.coarse_now() + limits_.max_lifetime + nanoseconds(jitter);
}

void resource_core::note_failure(resource_group& g) noexcept {
  ++counts_.failed_to_open;
  if (is_paused(g)) return;  // begun before the pause: one of those that failed together
  g.retry_after = std::clamp(2 * g.retry_after, limits_.retry_first, limits_.retry_most);
  if (g.retry_after == nanoseconds::zero()) return;
  // Half of it to all of it: those who failed together do not come back together.
  const auto part = std::uniform_int_distribution<nanoseconds::rep>(g.retry_after.count() / 2,
                                                                    g.retry_after.count())(random_);
  g.retry_at = clock_.now() + nanoseconds(part);
  nudge(g);
}

// Opens one in a place that is counted already. It is in use then. Null if that failed, and why.
resource_entry* resource_core::open_here(resource_group& g, guard& lock,
                                         std::exception_ptr& failed) noexcept {
  std::unique_ptr<resource_entry> e;
  void* resource = nullptr;
  const std::uint64_t process = process_;
  const std::uint64_t generation = generation_;
  ++inside_;
  lock.unlock();
  keeper::ensure(*this);
  try {
    e = std::make_unique<resource_entry>();
    resource = make(g);
  } catch (...) {
    failed = std::current_exception();
  }
  lock.lock();
  if (process == process_) {
    --inside_;
    --opening_;
    --g.opening;
    --g.open;
  }  // else the program forked in make(), and of this child nothing is counted
  if (failed) {
    note_failure(g);
    serve();
    return nullptr;
  }
  e->group = &g;
  e->generation = generation;
  e->process = process_;
  note_opened(*e, resource);
  ++g.open;
  ++in_use_;
  serve();  // others may open again
  return e.release();
}

// Has one opened in a place that is counted already, for whoever waits longest when it is there.
void resource_core::open_elsewhere(resource_group& g, std::uint64_t asked_by, guard& lock) noexcept {
  std::shared_ptr<resource_opening> o;
  std::exception_ptr thrown;
  const std::uint64_t process = process_;
  const std::uint64_t generation = generation_;
  ++inside_;
  lock.unlock();
  keeper::ensure(*this);
  try {
    auto made = std::make_shared<resource_opening>();
    made->core = this;
    made->asked_by = asked_by;
    made->entry = std::make_unique<resource_entry>();
    made->entry->group = &g;
    made->entry->generation = generation;
    made->entry->process = process;
    o = std::move(made);
    keep(g);
    start_make(o);
  } catch (...) {
    thrown = std::current_exception();
  }
  lock.lock();
  if (process == process_) --inside_;
  if (o == nullptr) {  // no memory for it
    if (process == process_) fail_opening(g, asked_by, thrown);
    return;
  }
  o->is_starting = false;
  if (o->was_dropped) finish(*o, nullptr, thrown ? thrown : given_up(title()), lock);
}

void resource_core::end_opening(resource_opening& o, void* resource,
                                const std::exception_ptr& failed) noexcept {
  guard lock(*this);
  finish(o, resource, failed, lock);
  leave(lock);
}

void resource_core::drop_opening(resource_opening& o) noexcept {
  guard lock(*this);
  if (o.is_starting) {  // options.make_async may be about to say why, by what it throws
    o.was_dropped = true;
    return;
  }
  finish(o, nullptr, given_up(title()), lock);
  leave(lock);
}

void resource_core::finish(resource_opening& o, void* resource, const std::exception_ptr& failed,
                           guard& lock) noexcept {
  std::unique_ptr<resource_entry> e = std::move(o.entry);
  --kept_by_;
  --e->group->kept_by;
  if (e->process != process_) return;  // begun by the parent
  resource_group& g = *e->group;
  if (failed) return fail_opening(g, o.asked_by, failed);
  --opening_;
  --g.opening;
  note_opened(*e, resource);
  ++in_use_;
  come_back(*e.release(), lock);
  serve();  // others may open again
}

void resource_core::fail_opening(resource_group& g, std::uint64_t asked_by,
                                 const std::exception_ptr& failed) noexcept {
  --opening_;
  --g.opening;
  --g.open;
  note_failure(g);
  tell(asked_by, g, failed);
  serve();
}

}  // namespace ebb::detail
