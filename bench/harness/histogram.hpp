// Counts of durations in ticks: exact below 64, within 3 % above.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bench {

class histogram {
 public:
  void add(std::uint64_t value) { ++counts_[bucket(value)]; }

  void add(const histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }

  // The smallest value that a share `q` (0 .. 1) of what was added does not exceed; 0 when it is empty.
  [[nodiscard]] std::uint64_t percentile(double q) const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts_) total += count;
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(total));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return value_of(i);
    }
    return 0;
  }

  // The largest of them, as exact as the others; 0 when it is empty.
  [[nodiscard]] std::uint64_t max() const {
    const auto last = std::find_if(counts_.rbegin(), counts_.rend(), [](auto count) { return count > 0; });
    return last == counts_.rend() ? 0 : value_of(static_cast<std::size_t>(counts_.rend() - last) - 1);
  }

 private:
  // 32 buckets for each power of two from 32 on; below, one for each value.
  static constexpr std::size_t steps = 32;

  static std::size_t bucket(std::uint64_t value) {
    if (value < steps) return value;
    const auto shift = static_cast<std::size_t>(std::bit_width(value)) - 6;
    return steps * shift + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t value_of(std::size_t bucket) {
    if (bucket < 2 * steps) return bucket;
    const std::size_t shift = bucket / steps - 1;
    return (bucket - steps * shift) << shift;
  }

  std::array<std::uint64_t, steps * 60> counts_{};
};

}  // namespace bench
