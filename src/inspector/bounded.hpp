// What the inspector shows of a bounded pool: the names of its numbers, and one second of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <ebb/resource_stats.hpp>

namespace ebb::detail {

// What is there now.
struct bounded_level {
  const char* name;
  std::size_t resource_stats::*value;
};
inline constexpr std::array<bounded_level, 6> bounded_levels{{
    {"capacity", &resource_stats::capacity},
    {"in_use", &resource_stats::in_use},
    {"idle", &resource_stats::idle},
    {"opening", &resource_stats::opening},
    {"closing", &resource_stats::closing},
    {"waiters", &resource_stats::waiters},
}};

template <close_reason Why>
constexpr std::uint64_t closed_for(const resource_stats& s) noexcept {
  return s.closed[static_cast<std::size_t>(Why)];
}
template <std::uint64_t resource_stats::*Value>
constexpr std::uint64_t count_of(const resource_stats& s) noexcept {
  return s.*Value;
}

// What is counted as it goes up.
struct bounded_count {
  const char* name;
  std::uint64_t (*of)(const resource_stats&) noexcept;
};
inline constexpr std::array<bounded_count, 16> bounded_counts{{
    {"acquired", count_of<&resource_stats::acquired>},
    {"acquired_after_waiting", count_of<&resource_stats::acquired_after_waiting>},
    {"timed_out", count_of<&resource_stats::timed_out>},
    {"cancelled", count_of<&resource_stats::cancelled>},
    {"refused", count_of<&resource_stats::refused>},
    {"opened", count_of<&resource_stats::opened>},
    {"failed_to_open", count_of<&resource_stats::failed_to_open>},
    {"detached", count_of<&resource_stats::detached>},
    {"settings_changed", count_of<&resource_stats::settings_changed>},
    {"closed_broken", closed_for<close_reason::broken>},
    {"closed_idle", closed_for<close_reason::idle>},
    {"closed_lifetime", closed_for<close_reason::lifetime>},
    {"closed_reset", closed_for<close_reason::reset>},
    {"closed_surplus", closed_for<close_reason::surplus>},
    {"closed_evicted", closed_for<close_reason::evicted>},
    {"closed_closed", closed_for<close_reason::closed>},
}};
static_assert(bounded_counts.size() == 9 + close_reasons);

// One second. Where a number is larger than these can hold, they stay at their largest.
struct bounded_sample {
  std::array<std::uint32_t, bounded_levels.size()> levels{};   // at its end
  std::array<std::uint32_t, bounded_counts.size()> rates{};    // what it added
  std::array<std::uint32_t, wait_histogram::buckets> waits{};  // likewise
};

}  // namespace ebb::detail
