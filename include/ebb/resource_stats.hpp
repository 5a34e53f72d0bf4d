// What a resource_pool did and holds.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ebb {

/// Why a resource was closed.
enum class close_reason : std::uint8_t {
  broken,    ///< options.check or options.on_return said so, or threw, or the user: lease::discard().
  idle,      ///< nobody used it for options.idle_timeout.
  lifetime,  ///< it is older than it was to become.
  reset,     ///< it was opened before reset().
  surplus,   ///< set_capacity() left no place for it.
  evicted,   ///< its place was needed for another key. [keyed_resource_pool]
  closed,    ///< the pool was closed.
};
inline constexpr std::size_t close_reasons = static_cast<std::size_t>(close_reason::closed) + 1;

/// Returns      the name, as it is written above.
[[nodiscard]] constexpr const char* to_string(close_reason reason) noexcept {
  switch (reason) {
    case close_reason::broken: return "broken";
    case close_reason::idle: return "idle";
    case close_reason::lifetime: return "lifetime";
    case close_reason::reset: return "reset";
    case close_reason::surplus: return "surplus";
    case close_reason::evicted: return "evicted";
    case close_reason::closed: break;
  }
  return "closed";
}

/// How many acquire() calls waited how long. Bucket i counts those below 2^i microseconds that are not in a
/// bucket before; the last one all others.
struct wait_histogram {
  static constexpr std::size_t buckets = 28;  // the last but one ends with 67 s
  std::array<std::uint64_t, buckets> counts{};

  [[nodiscard]] static constexpr std::size_t bucket_of(std::chrono::nanoseconds wait) noexcept {
    const auto us = wait.count() < 0 ? 0 : wait.count() / 1000;
    std::size_t i = 0;
    while (i + 1 < buckets && us >= std::int64_t{1} << i) ++i;
    return i;
  }
};

/// What resource_pool::stats() returns: one snapshot, exact at one instant. Numbers are resources unless
/// they say otherwise. capacity >= in_use + idle + opening + closing at every instant, but for what
/// set_capacity() has lowered below what is in use.
struct resource_stats {
  std::size_t capacity = 0;
  std::size_t in_use = 0;   ///< callers hold them, or look whether they still work.
  std::size_t idle = 0;     ///< open, and nobody has them.
  std::size_t opening = 0;  ///< options.make runs for them.
  std::size_t closing = 0;  ///< they are being destroyed; their places are not free yet.
  std::size_t waiters = 0;  ///< callers that wait.

  std::uint64_t opened = 0;                           ///< what options.make returned.
  std::uint64_t failed_to_open = 0;                   ///< how often it threw.
  std::uint64_t detached = 0;                         ///< what left the pool for good.
  std::array<std::uint64_t, close_reasons> closed{};  ///< by close_reason.

  std::uint64_t settings_changed = 0;  ///< resources that were given a setting, or freed of one.

  std::uint64_t acquired = 0;                ///< calls that got one.
  std::uint64_t acquired_after_waiting = 0;  ///< of these, those that waited.
  std::uint64_t timed_out = 0, cancelled = 0,
                refused = 0;          ///< calls; `refused`: too many waiters, or none free.
  std::chrono::nanoseconds waited{};  ///< all of them together, those that got nothing too.
  wait_histogram waits;               ///< of the same.

  /// Resources that exist, or may exist at the other end.
  [[nodiscard]] constexpr std::size_t open() const noexcept { return in_use + idle + opening + closing; }
};

}  // namespace ebb
