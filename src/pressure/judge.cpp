#include "judge.hpp"

#include <algorithm>

namespace ebb::detail {

namespace {

// The level that the signs speak for. With `slack` above 0: the level they are enough to keep.
pressure_level wanted_by(const pressure_signs& s, double slack) noexcept {
  using judge = pressure_judge;
  const double closest = std::max(s.of_high, s.of_max);
  if (s.all_stalled || s.out_of_memory || s.of_max >= judge::high_from - slack ||
      (s.max_hit && s.of_max >= judge::events_count_from)) {
    return pressure_level::high;
  }
  if (s.some_stalled || closest >= judge::medium_from - slack ||
      (s.high_hit && s.of_high >= judge::events_count_from)) {
    return pressure_level::medium;
  }
  return pressure_level::low;
}

}  // namespace

pressure_judge::verdict pressure_judge::judge(const pressure_signs& signs, time_point now) noexcept {
  const pressure_level wanted = wanted_by(signs, 0);
  if (wanted > level_) {
    level_ = wanted;
    last_sign_ = last_relief_ = now;
    return {level_, false};
  }
  if (wanted_by(signs, slack) >= level_) {
    last_sign_ = now;
  } else if (level_ != pressure_level::low && now - last_sign_ >= quiet_time) {
    level_ = level_ == pressure_level::high ? pressure_level::medium : pressure_level::low;
    last_sign_ = now;  // one level at a time
  }
  const bool again = level_ == pressure_level::high && wanted == pressure_level::high &&
                     now - last_relief_ >= relief_interval;
  if (again) last_relief_ = now;
  return {level_, again};
}

std::optional<pressure_judge::time_point> pressure_judge::next() const noexcept {
  if (level_ == pressure_level::low) return std::nullopt;
  return last_sign_ + quiet_time;
}

}  // namespace ebb::detail
