// Sizes that neither a compiler nor a branch predictor can foresee, at the price of a multiplication.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

class random_sizes {
 public:
  // Uniform in [0, bound), where bound <= 2^32.
  std::size_t below(std::uint64_t bound) { return static_cast<std::size_t>((next() >> 32) * bound >> 32); }
  // Uniform in [low, high].
  std::size_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }

 private:
  // Knuth's constants for a linear congruence modulo 2^64; its upper half is random enough for sizes.
  std::uint64_t next() { return state_ = state_ * 6364136223846793005U + 1442695040888963407U; }

  std::uint64_t state_ = 1;
};

}  // namespace bench
