// What a pool may be told.
#include "limits.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace ebb::detail {

namespace {

using std::chrono::nanoseconds;

void check_limit(const resource_limits& l, const char* option, bool valid, const std::string& value,
                 const char* range) {
  if (valid) return;
  throw std::invalid_argument(std::string(l.kind) + " \"" + l.name + "\": options." + option + " is " +
                              value + "; valid are " + range);
}

}  // namespace

const resource_limits& checked(const resource_limits& l) {
  const auto number = [&](const char* option, std::size_t value, std::size_t most, const char* range) {
    check_limit(l, option, value >= 1 && value <= most, std::to_string(value), range);
  };
  number("capacity", l.capacity, resource_core::most_capacity, "1 to 1,000,000");
  number("capacity_per_key", l.capacity_per_key, SIZE_MAX, "1 and more");
  number("max_opening", l.max_opening, SIZE_MAX, "1 and more");
  check_limit(l, "keep_at_least", l.keep_at_least <= l.capacity, std::to_string(l.keep_at_least),
              "0 to capacity");
  check_limit(l, "retry_most", l.retry_most >= l.retry_first,
              std::to_string(l.retry_most / std::chrono::milliseconds(1)) + " ms", "retry_first and more");
  return l;
}

nanoseconds checked_time(const resource_limits& l, const char* option, std::chrono::milliseconds value) {
  check_limit(l, option,
              value >= std::chrono::milliseconds::zero() && value <= std::chrono::hours(24 * 365),
              std::to_string(value.count()) + " ms", "0 to 365 days");
  return value;
}

std::chrono::nanoseconds care_period_of(const resource_limits& l) noexcept {
  nanoseconds shortest = nanoseconds::max();
  for (const nanoseconds t : {l.check_every, l.idle_timeout, l.max_lifetime, l.report_after}) {
    if (t > nanoseconds::zero()) shortest = std::min(shortest, t);
  }
  // Those that are to be there at least are opened again within a second.
  if (shortest == nanoseconds::max() && l.keep_at_least == 0) return nanoseconds::zero();
  return std::clamp<nanoseconds>(shortest / 8, std::chrono::milliseconds(1), std::chrono::seconds(1));
}

}  // namespace ebb::detail
