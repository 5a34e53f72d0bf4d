// Why an idle object was destroyed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ebb {

/// Why a pool destroyed an object instead of keeping it. Each object is destroyed for one reason.
enum class eviction_reason : std::uint8_t {
  aged,         ///< a cycle: unused for two.
  over_budget,  ///< a budget was reached or lowered: the pool's own, or the process's.
  pressure,     ///< memory is short: a cycle because of that, or a put while nothing may stay.
  drained,      ///< drain(), drain_all(), drain_pool().
  rejected,     ///< `recycle` returned false, or threw.
  no_memory,    ///< no memory for the pool's own tables.
  closed,       ///< the pool died.
  at_random,    ///< EBB_RANDOM in a checked build.
};
inline constexpr std::size_t eviction_reasons = 8;

/// Returns      the name, as it is written above.
[[nodiscard]] constexpr const char* to_string(eviction_reason reason) noexcept {
  switch (reason) {
    case eviction_reason::aged: return "aged";
    case eviction_reason::over_budget: return "over_budget";
    case eviction_reason::pressure: return "pressure";
    case eviction_reason::drained: return "drained";
    case eviction_reason::rejected: return "rejected";
    case eviction_reason::no_memory: return "no_memory";
    case eviction_reason::closed: return "closed";
    case eviction_reason::at_random: return "at_random";
  }
  return "unknown";
}

}  // namespace ebb
