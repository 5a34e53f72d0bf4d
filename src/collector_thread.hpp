// The one background thread of the process that runs cycles.
#pragma once

#include <ebb/detail/atomics.hpp>

namespace ebb::detail {

class collector_thread {
 public:
  // Starts it if it should run and does not: at the first put of the process, and again after a fork or
  // a failed start. Called by misses.
  static void ensure_running() noexcept {
    if (!settled_.load(std::memory_order_relaxed)) [[unlikely]]
      start();  // relaxed: start() looks again
  }
  [[nodiscard]] static bool is_running() noexcept;

 private:
  static void start() noexcept;
  // True while there is nothing to start: it runs, is switched off, or the process is exiting.
  static atomic<bool> settled_;
  friend struct collector_data;
};

}  // namespace ebb::detail
