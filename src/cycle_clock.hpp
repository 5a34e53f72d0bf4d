// When the next cycle is due. Pure: it is told what time it is, and tests tell it what they like.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ebb::detail {

class cycle_clock {
 public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;
  using duration = clock::duration;

  // The wait adapts between a quarter of the period and twice the period. Below a quarter, what is used
  // once in a period would not live from one use to the next. Above twice, memory stays longer and next to
  // nothing is saved: a cycle costs 0.1 us per pool, and its users a few misses that find the victim.
  static constexpr int shortest_part = 4;
  static constexpr int longest_multiple = 2;
  // Of what was idle before a cycle, the share that it destroyed: from here on the load is shrinking, and
  // the rest follows sooner.
  static constexpr double much = 0.5;
  // Up to here nearly all is in use, and looking less often loses nothing.
  static constexpr double little = 1.0 / 16;
  // After so many cycles in a row that left nothing in any pool there is nothing to wait for. More than
  // one, so that a pool that is used in short bursts does not put the thread to sleep in between.
  static constexpr int empty_cycles_before_rest = 3;
  // Misses are asked for a wake-up one cycle earlier (collector_thread.hpp).
  static constexpr int empty_cycles_before_asking = empty_cycles_before_rest - 1;
  static constexpr std::chrono::minutes longest_rest{1};

  [[nodiscard]] static constexpr duration next_wait(duration period, duration last, std::uint64_t destroyed,
                                                    std::uint64_t left) noexcept {
    const double all = static_cast<double>(destroyed) + static_cast<double>(left);
    const double share = all > 0 ? static_cast<double>(destroyed) / all : 0;
    duration next = period;
    if (share >= much) {
      next = last / 2;
    } else if (share <= little) {
      next = last * 2;
    } else if (last > period) {  // back to the middle, by the same steps
      next = std::max(last / 2, period);
    } else {
      next = std::min(last * 2, period);
    }
    return std::clamp(next, shortest(period), longest(period));
  }
  [[nodiscard]] static constexpr duration shortest(duration period) noexcept {
    return std::max(period / shortest_part, duration{1});
  }
  [[nodiscard]] static constexpr duration longest(duration period) noexcept {
    return period * longest_multiple;
  }

  // A new period counts from now.
  void set_period(duration period, time_point now) noexcept {
    period_ = period;
    start(now);
  }
  // At the end of a rest.
  void start(time_point now) noexcept {
    wait_ = period_;
    last_ = now;
    empty_cycles_ = 0;
    rests_ = false;
  }
  // A cycle is over. `destroyed` and `left` are bytes, `empty` whether no pool holds anything at all.
  void cycle_done(std::uint64_t destroyed, std::uint64_t left, bool empty, time_point now) noexcept {
    wait_ = next_wait(period_, wait_, destroyed, left);
    last_ = now;
    empty_cycles_ = empty ? std::min(empty_cycles_ + 1, empty_cycles_before_rest) : 0;
  }
  [[nodiscard]] bool long_empty() const noexcept { return empty_cycles_ >= empty_cycles_before_asking; }
  [[nodiscard]] bool may_rest() const noexcept { return empty_cycles_ >= empty_cycles_before_rest; }
  void rest(time_point now) noexcept {
    last_ = now;
    rests_ = true;
  }
  [[nodiscard]] bool rests() const noexcept { return rests_; }

  // When the next cycle is; in a rest, the next look. While memory is short, after the shortest wait: what
  // is not used goes back soonest.
  [[nodiscard]] time_point due(bool memory_is_short) const noexcept {
    if (rests_) return last_ + longest_rest;
    return last_ + (memory_is_short ? shortest(period_) : wait_);
  }

 private:
  duration period_{};
  duration wait_{};
  time_point last_{};  // the last cycle, start, or look
  int empty_cycles_ = 0;
  bool rests_ = false;
};

}  // namespace ebb::detail
