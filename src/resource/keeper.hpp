// Every resource_pool of the process, and the thread that looks after those that time concerns.
#pragma once

#include <vector>

#include <ebb/detail/resource_core.hpp>
#include <ebb/pools.hpp>

namespace ebb::detail {

class keeper {
 public:
  static void add(resource_core& core) noexcept;
  // When it returns the thread does not know the core any more.
  static void forget(resource_core& core) noexcept;
  // When it returns the thread is not in look_after() of a core that was closed before.
  static void wait_until_done_with(const resource_core& core) noexcept;
  // Starts the thread if this core needs it and it does not run; in the child of a fork it does not.
  static void ensure(const resource_core& core) noexcept;
  // Appends all, in any order.
  static void list(std::vector<pool_info>& to);
};

}  // namespace ebb::detail
