// What ebb/detail/widths.hpp is in a model build: so narrow that a scenario of a few steps sees versions
// wrap around, indices run out, and segments fill.
#pragma once

#include <cstdint>

namespace ebb::detail {

inline constexpr int stack_index_bits = 6;
inline constexpr int stack_version_bits = 2;
inline constexpr int first_segment_bits = 1;
inline constexpr std::uint32_t empties_page_bytes = 1024;  // two magazines
inline constexpr std::uint32_t pages_kept = 0;
inline constexpr int unload_tries = 2;

}  // namespace ebb::detail
