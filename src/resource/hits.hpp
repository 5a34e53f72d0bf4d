// What every lease goes through on its way out and back. Inline, because there is little else in a
// hit.
#pragma once

#include <ebb/detail/resource_core.hpp>

namespace ebb::detail {

inline bool resource_core::is_stale(const resource_entry& e, close_reason& why) const noexcept {
  if (closed_) {
    why = close_reason::closed;
  } else if (e.generation != generation_) {
    why = close_reason::reset;
  } else if (staying() > capacity_) {
    why = close_reason::surplus;
  } else if (e.dies_at != resource_clock::never && e.dies_at <= clock_.coarse_now()) {
    why = close_reason::lifetime;
  } else {
    return false;
  }
  return true;
}

inline bool resource_core::wants_check(const resource_entry& e) const noexcept {
  return limits_.checks && !e.is_new &&
         (limits_.check_after_idle == std::chrono::nanoseconds::zero() ||
          clock_.coarse_now() - e.idle_since >= limits_.check_after_idle);
}

inline void resource_core::note_taken(resource_entry& e, const code_location& where) noexcept {
  ++counts_.acquired;
  e.is_new = false;
  if (limits_.report_after == std::chrono::nanoseconds::zero()) return;
  e.taken_at = clock_.coarse_now();
  e.taken_by = where;
  e.is_reported = false;
  leased_.push_back(e);
}

inline void resource_core::note_left(resource_entry& e) noexcept {
  if (limits_.report_after != std::chrono::nanoseconds::zero()) leased_.remove(e);
}

inline void resource_core::make_idle(resource_entry& e) noexcept {
  --in_use_;
  ++idle_count_;
  e.is_new = false;
  e.came_back = ++returns_;
  e.group->idle.push_back(e);
}

inline void resource_core::take_from_idle(resource_entry& e) noexcept {
  e.group->idle.remove(e);
  --idle_count_;
}

inline void resource_core::hand_on(resource_entry& e) noexcept {
  if (stamps_returns_) e.idle_since = clock_.coarse_now();
  if (waiters_.empty()) return make_idle(e);
  hand_to_heir(e);
}

// One that is in use and works: to others, or it is closed.
inline void resource_core::come_back(resource_entry& e, guard& lock) noexcept {
  close_reason why{};
  if (!is_stale(e, why)) return hand_on(e);
  --in_use_;
  retire(e, why, lock);
}

}  // namespace ebb::detail
