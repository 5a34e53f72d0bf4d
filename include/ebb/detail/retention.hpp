// Whether a buffer is used well enough to be kept: the rule of Go's encoding/json (v2), by which no buffer
// that stays is used by less than 5 % on average.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ebb::detail {

class retention {
 public:
  static constexpr std::size_t always_kept_bytes = 4096;
  static constexpr std::uint32_t max_strikes = 4;

  // A buffer comes back that held `length` bytes. False: it was used for less than a quarter of its
  // capacity once too often.
  [[nodiscard]] bool keep(std::size_t capacity, std::size_t length) noexcept {
    if (capacity <= always_kept_bytes || length >= capacity / 4) {
      strikes_ = 0;
      return true;
    }
    if (strikes_ < max_strikes) {
      ++strikes_;
      return true;
    }
    strikes_ = 0;
    return false;
  }

  // For the buffer that takes the place of one that was not kept.
  [[nodiscard]] static std::size_t next_capacity(std::size_t length) noexcept {
    return std::bit_ceil(std::max<std::size_t>(length, 64));
  }

 private:
  std::uint32_t strikes_ = 0;  // bad uses since the last good one
};

}  // namespace ebb::detail
