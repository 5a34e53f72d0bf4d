// A thread that waits in resource_core::acquire().
#pragma once

#include <ebb/detail/resource_core.hpp>

#include <memory>

namespace ebb::detail {

class resource_core::thread_waiter final : public resource_waiter {
 public:
  explicit thread_waiter(resource_core& core) : core_(core) {}
  // Of several that are woken at once, which is rare, only the last has to wait for the mutex' release.
  void wake() noexcept override {
    if (core_.to_notify_ != nullptr) core_.to_notify_->notify_one();
    core_.to_notify_ = wakes;
  }

  // If it waits. Also theirs who are about to notify it: it may have woken by itself, and be gone.
  std::shared_ptr<condition_variable> wakes;

 private:
  resource_core& core_;
};

}  // namespace ebb::detail
