// A thread that waits in resource_core::acquire().
#pragma once

#include <ebb/detail/resource_core.hpp>

namespace ebb::detail {

class resource_core::thread_waiter final : public resource_waiter {
 public:
  void wake() noexcept override { wakes.notify_one(); }
  condition_variable wakes;
};

}  // namespace ebb::detail
