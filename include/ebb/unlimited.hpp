// The word for "no bound" in options.
#pragma once

#include <cstddef>
#include <limits>

namespace ebb {

/// No bound on how much may be idle, other than that cycles return what is not used.
inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

}  // namespace ebb
