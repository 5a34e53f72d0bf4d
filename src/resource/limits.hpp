// What follows from a pool's limits before it is one.
#pragma once

#include <ebb/detail/resource_core.hpp>

namespace ebb::detail {

// Throws std::invalid_argument that names the option, its value, and what is valid.
const resource_limits& checked(const resource_limits& l);

// An eighth of the shortest of the times that nobody but time itself brings about; zero if there is none.
std::chrono::nanoseconds care_period_of(const resource_limits& l) noexcept;

}  // namespace ebb::detail
