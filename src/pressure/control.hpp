// What is in force: the higher of what the kernel says and of what the program reports, and what follows.
#pragma once

#include <string>
#include <string_view>

#include <ebb/pressure.hpp>

namespace ebb::detail {

class pressure_control {
 public:
  // From the collector's thread. Runs the cycles and the callback; with `relieve_again`, the cycles of a
  // high level once more.
  static void kernel_says(pressure_level level, bool relieve_again) noexcept;
  // What is watched, for runtime_info().
  static void watches(std::string_view description) noexcept;

  // Whether to listen. relaxed: watch_pressure() wakes the collector's thread afterwards.
  [[nodiscard]] static bool wanted() noexcept;
  // Whether somebody wants to hear of changes even while no pool holds anything.
  [[nodiscard]] static bool has_listener() noexcept;
  // For runtime_info(). Throws std::bad_alloc.
  [[nodiscard]] static std::string description();

  // Around fork(), between the collector's mutex and the registry's.
  static void before_fork() noexcept;
  static void after_fork_in_parent() noexcept;
  static void after_fork_in_child() noexcept;
};

}  // namespace ebb::detail
