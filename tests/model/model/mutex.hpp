// What detail/mutex.hpp is in a model build. No spurious wake-ups: a waiter that nobody wakes is a
// deadlock.
#pragma once

#include <mutex>
#include <source_location>

#include <model/steps.hpp>

namespace ebb::detail {

class mutex {
 public:
  constexpr mutex() noexcept = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  void lock() { model::lock(this, std::source_location::current()); }
  bool try_lock() { return model::try_lock(this, std::source_location::current()); }
  void unlock() { model::unlock(this, std::source_location::current()); }

 private:
  char address_ = 0;  // the checker knows a mutex by where it is
};

class condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;
  void wait(std::unique_lock<mutex>& held) {
    model::wait(this, held.mutex(), std::source_location::current());
  }
  // For a wait with an end: returns whether that has come.
  [[nodiscard]] bool wait_some_time(std::unique_lock<mutex>& held) {
    return model::wait_some_time(this, held.mutex(), std::source_location::current());
  }
  template <class Predicate>
  void wait(std::unique_lock<mutex>& held, Predicate done) {
    while (!done()) wait(held);
  }
  void notify_one() noexcept { model::notify_one(this, std::source_location::current()); }
  void notify_all() noexcept { model::notify_all(this, std::source_location::current()); }

 private:
  char address_ = 0;
};

}  // namespace ebb::detail
