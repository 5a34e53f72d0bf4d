// PSI triggers: descriptors on which the kernel says that tasks wait for memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "files.hpp"

namespace ebb::detail {

// Both thresholds are shares of the window, so that a longer one means the same.
struct psi_constants {
  // 5 % of the time somebody waits: below that lie the refaults of any busy machine.
  static constexpr long some_percent = 5;
  // 10 % of the time nobody gets anything done, which is what GLib and systemd call critical, too. (In a
  // group with one task "full" is the same as "some".)
  static constexpr long full_percent = 10;
  // What people notice is a second.
  static constexpr long window_us = 1'000'000;
  // Without CAP_SYS_RESOURCE the kernel takes only multiples of 2 s.
  static constexpr long unprivileged_window_us = 2'000'000;
};

// Opens `path` and writes `trigger` to it. Returns the descriptor, or -errno. Tests put something else in
// its place.
using arm_function = std::function<int(const char* path, const char* trigger)>;
[[nodiscard]] int arm_trigger(const char* path, const char* trigger) noexcept;

struct psi_triggers {
  descriptor some;
  descriptor full;
  long window_us = 0;
  std::string path;     // which file; empty when there are none
  std::string refused;  // which files refused before, and why: "/x/memory.pressure: Permission denied"
  bool out_of_descriptors = false;  // one of the reasons: it may be better later

  void close() noexcept;
};

// Triggers on the first of `paths` that takes any; with the short window, or else the unprivileged one.
// Throws std::bad_alloc.
[[nodiscard]] psi_triggers open_triggers(const std::vector<std::string>& paths, const arm_function& arm);

}  // namespace ebb::detail
