// How short memory is, decided from what was noticed. No file, no thread, no clock of its own.
#pragma once

#include <chrono>
#include <optional>

#include <ebb/pressure.hpp>

namespace ebb::detail {

// What was noticed since the last time. Shares are of the tightest limit on the process's groups, without
// what the kernel can drop by itself; 0 where there is no limit.
struct pressure_signs {
  bool some_stalled = false;   // PSI "some": tasks waited for memory
  bool all_stalled = false;    // PSI "full": all tasks did, at the same time
  bool high_hit = false;       // memory.events: high rose
  bool max_hit = false;        // memory.events: max rose
  bool out_of_memory = false;  // memory.events: oom rose
  double of_high = 0;          // used / memory.high
  double of_max = 0;           // used / memory.max
};

class pressure_judge {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // From this share of a limit on memory is short. 10 % is what two or three steps of a growing program
  // take between two looks, and what is idle has to be found, destroyed and trimmed meanwhile.
  static constexpr double medium_from = 0.90;
  // Nearly none is left: the next allocation of some size meets the limit.
  static constexpr double high_from = 0.97;
  // The level is kept while the share is less than this below the one that raised it. Less than what one
  // cycle usually frees, and more than what a steady load moves between two looks.
  static constexpr double slack = 0.05;
  // Events of memory.max count only from this share on: page cache runs into limits all the time, and the
  // kernel makes room by dropping it. Somebody who waits for that shows up as a stall.
  static constexpr double events_count_from = 0.75;
  // A level falls by one when nothing has spoken for it so long: two and a half of the longest PSI windows,
  // so that a stall that goes on is noticed twice before.
  static constexpr std::chrono::milliseconds quiet_time{5000};
  // While the signs of `high` go on, relief is repeated at most so often: it may have been refused (a fence
  // that fails), or too late.
  static constexpr std::chrono::milliseconds relief_interval{1000};

  struct verdict {
    pressure_level level = pressure_level::low;
    bool relieve_again = false;  // the level was high before, and its signs go on
  };
  [[nodiscard]] verdict judge(const pressure_signs& signs, time_point now) noexcept;
  // When to judge again although nothing happens; nothing at low.
  [[nodiscard]] std::optional<time_point> next() const noexcept;

 private:
  pressure_level level_ = pressure_level::low;
  time_point last_sign_{};    // that spoke for this level or a higher one
  time_point last_relief_{};  // at high
};

}  // namespace ebb::detail
