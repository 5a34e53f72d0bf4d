// All pools that something was put into, and the cycle over them.
#pragma once

#include <cstdint>

namespace ebb::detail {

struct pool_state;

class registry {
 public:
  // Lock-free: runs inside the first put.
  static void add(pool_state& state) noexcept;
  // Waits until no thread is destroying objects of this pool, other than the caller.
  static void remove(pool_state& state) noexcept;
  // One cycle over all pools. Returns about how many bytes it destroyed.
  static std::uint64_t run_cycle() noexcept;
  // Two cycles over one.
  static void drain(pool_state& state) noexcept;

  [[nodiscard]] static std::uint64_t cycles() noexcept;
  [[nodiscard]] static std::uint64_t cycles_abandoned() noexcept;

  // Around fork(): the child must not inherit a lock that nobody will release.
  static void before_fork() noexcept;
  static void after_fork_in_parent() noexcept;
  static void after_fork_in_child() noexcept;
};

}  // namespace ebb::detail
