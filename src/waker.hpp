// What one thread polls and others wake it by.
#pragma once

#include <ebb/detail/atomics.hpp>

namespace ebb::detail {

// A timer, set to the next nanosecond, and not an eventfd: a program that becomes a daemon closes every
// descriptor there is, and the number may be one of its own files by the time somebody wakes. Eight bytes
// written there would be damage; setting a timer fails with EINVAL.
class waker {
 public:
  // Returns whether there is one now. Called by the thread that polls, under the collector's mutex.
  bool open() noexcept;
  // Makes it readable. Returns false if it is not what it was. From any thread.
  [[nodiscard]] bool wake() const noexcept;
  // After poll(): not readable any more.
  void settle() const noexcept;
  // Somebody has closed it.
  void forget() noexcept { fd_.store(-1, std::memory_order_relaxed); }
  // In the child of a fork: it is the parent's.
  void close_inherited() noexcept;
  // relaxed: whoever wakes has read elsewhere that somebody polls, or holds the mutex.
  [[nodiscard]] int get() const noexcept { return fd_.load(std::memory_order_relaxed); }

 private:
  atomic<int> fd_{-1};  // written under the collector's mutex
};

}  // namespace ebb::detail
