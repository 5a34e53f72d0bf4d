// Listens to the kernel for one thread, which polls: no thread and no lock of its own.
#pragma once

#include <poll.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "judge.hpp"
#include "limits.hpp"
#include "trigger.hpp"

namespace ebb::detail {

// Where it looks; tests have trees and descriptors of their own.
struct watch_sources {
  std::string proc = "/proc";
  arm_function arm = arm_trigger;
};

class pressure_watch {
 public:
  using time_point = pressure_judge::time_point;

  // Between two looks at the memory of a limited group. Far from its limit: a process that gets a gigabyte
  // a second (which the kernel has to clear) comes from half of 512 MiB to the limit in that time; slower
  // ones are seen on the way. Near it, where a look reads two or three small files: the last 3 % of the
  // limit (pressure_judge::high_from) are three looks at 1 % per look, 100 MiB/s for 512 MiB.
  static constexpr std::chrono::milliseconds look_far{250};
  static constexpr std::chrono::milliseconds look_near{50};
  // What is near.
  static constexpr double near_from = 0.75;
  // A group that vanished, or descriptors that ran out: looked for from scratch after so long. The first
  // time at once, unless it has just been done.
  static constexpr std::chrono::milliseconds reopen_interval{10'000};
  // The most descriptors there are to poll.
  static constexpr std::size_t most_descriptors = 3;

  explicit pressure_watch(watch_sources sources) noexcept;

  // Looks for everything from scratch. What cannot be had is said in description().
  void open(time_point now) noexcept;
  // Forgets all of it, the level too.
  void close() noexcept;
  [[nodiscard]] bool is_open() const noexcept { return opened_.has_value(); }

  // Descriptors to poll until next(); returns how many.
  [[nodiscard]] std::size_t descriptors(std::span<pollfd, most_descriptors> out) const noexcept;
  // When to call notice() although poll() says nothing; nothing when there is no reason to. With `idle_too`
  // a limited group is looked at, too; without, only while the level is above low.
  [[nodiscard]] std::optional<time_point> next(bool idle_too) const noexcept;
  // Takes what poll() has written, looks where a look is due, and judges.
  [[nodiscard]] pressure_judge::verdict notice(std::span<const pollfd> polled, time_point now) noexcept;
  // Limits may be changed while the process runs, and the process moved to another group: called at cycles,
  // but not more often than this; and when PSI reports a stall, which a new limit may have caused.
  static constexpr std::chrono::milliseconds refresh_interval{1000};
  void refresh(time_point now) noexcept;

  // What is watched, or why nothing is, in words a person can act on.
  [[nodiscard]] std::string_view description() const noexcept {
    return lost_ ? "not watched for now: the group has vanished" : std::string_view{description_};
  }
  // Whether it is another since the last call.
  [[nodiscard]] bool has_news() noexcept { return std::exchange(news_, false); }

  // In the child of a fork, where this may be half changed: closes what the child must not share.
  void close_inherited() noexcept { close_descriptors_only(); }

 private:
  void open_all();
  void describe();
  void close_descriptors_only() noexcept;

  watch_sources sources_;
  psi_triggers triggers_;
  memory_limits limits_;
  pressure_judge judge_;
  pressure_level level_ = pressure_level::low;
  std::optional<time_point> opened_;  // when, the last time
  std::optional<time_point> reopen_at_;
  time_point next_look_{};
  std::optional<time_point> events_muted_until_;
  bool again_ = false;  // descriptors ran out
  bool news_ = false;
  bool lost_ = false;  // the group has vanished
  std::string membership_file_;
  std::string membership_;  // what it said
  std::string watched_;     // of description(): all but the limits
  std::string description_;
};

}  // namespace ebb::detail
