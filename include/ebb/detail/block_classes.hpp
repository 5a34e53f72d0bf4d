// Size classes: which size a block gets that was asked for with some other size. Pure arithmetic.
//
// Sizes are whole numbers of a unit: 16 bytes or, where that is more, the alignment. There is a class for
// each of 1 .. 8 units and from there on eight to every doubling: 1 2 .. 8, 9 10 .. 16, 18 20 .. 32, 36 40
// .. 64 and so on. The size of a class is less than 12.5 % above any size in units that it serves.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <ebb/detail/config.hpp>

namespace ebb::detail {

// What every block is aligned to, as the blocks of operator new are.
inline constexpr std::size_t plain_alignment = 16;
static_assert(plain_alignment >= alignof(std::max_align_t));
// Blocks with a greater alignment than this are not pooled.
inline constexpr std::size_t max_pooled_alignment = 4096;

inline constexpr std::size_t classes_per_doubling = 8;

// The smallest class with more than `last` units; `last` is the index of the last unit that is needed.
// No loop, no division, no branch: the class is what the four leading bits of `last` say.
[[nodiscard]] EBB_FAST_PATH constexpr std::size_t class_of_last_unit(std::size_t last) noexcept {
  // 63 ^ and not 63 -: g++ then sees that it is undoing the instruction.
  const auto highest_bit = 63u ^ static_cast<unsigned>(std::countl_zero(last | classes_per_doubling));
  const unsigned doublings = highest_bit - 3;
  return classes_per_doubling * doublings + (last >> doublings);
}

[[nodiscard]] constexpr std::size_t units_of_class(std::size_t index) noexcept {
  if (index < classes_per_doubling) return index + 1;
  const std::size_t doublings = index / classes_per_doubling - 1;
  return (index % classes_per_doubling + classes_per_doubling + 1) << doublings;
}

// log2 of the unit for an alignment, a power of two.
[[nodiscard]] constexpr std::size_t log2_of_unit(std::size_t alignment) noexcept {
  return static_cast<std::size_t>(
      std::countr_zero(alignment < plain_alignment ? plain_alignment : alignment));
}

// Each unit has classes of its own: set 0 is for 16 bytes, 1 for 32 and so on.
[[nodiscard]] constexpr std::size_t set_of_alignment(std::size_t alignment) noexcept {
  return log2_of_unit(alignment) - log2_of_unit(plain_alignment);
}
inline constexpr std::size_t alignment_sets = set_of_alignment(max_pooled_alignment) + 1;

// The classes of small sizes, looked up instead of calculated: two cache lines.
inline constexpr std::size_t small_bytes = 2048;
inline constexpr auto small_classes = [] {
  std::array<std::uint8_t, small_bytes / plain_alignment> classes{};
  for (std::size_t last = 0; last < classes.size(); ++last) {
    classes[last] = static_cast<std::uint8_t>(class_of_last_unit(last));
  }
  return classes;
}();

// The size of a block in the smallest class for `bytes` bytes (at least 1) with the plain alignment.
[[nodiscard]] constexpr std::size_t plain_class_bytes(std::size_t bytes) noexcept {
  return units_of_class(class_of_last_unit((bytes - 1) / plain_alignment)) * plain_alignment;
}

}  // namespace ebb::detail
