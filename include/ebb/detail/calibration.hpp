// Which size the buffers of a pool should have, learned from those that come back: the calibration of
// valyala/bytebufferpool, counted per shard.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/percpu/percpu.hpp>

namespace ebb::detail {

class EBB_API calibration {
 public:
  // Class i holds lengths up to 64 << i bytes; the last one, longer ones too.
  static constexpr std::size_t class_count = 20;
  static constexpr std::size_t smallest_bytes = 64;
  // A calibration follows when more buffers than this came back in one class.
  static constexpr std::int64_t threshold = 42000;

  struct sizes {
    std::size_t default_bytes = 0;  // of new buffers
    std::size_t max_bytes = 0;      // of buffers that are kept; 0: any
  };
  using histogram = std::array<std::uint64_t, class_count>;

  [[nodiscard]] static constexpr std::size_t class_of(std::size_t length) noexcept {
    const std::size_t last_byte = length - (length != 0 ? 1 : 0);
    // 63 ^ and not std::bit_width(): g++ then has no branch for 0.
    const auto log2 = 63u ^ static_cast<unsigned>(std::countl_zero(last_byte | (smallest_bytes - 1)));
    const std::size_t c = log2 - std::countr_zero(smallest_bytes / 2);
    return c < class_count ? c : class_count - 1;
  }
  [[nodiscard]] static constexpr std::size_t bytes_of(std::size_t c) noexcept {
    return smallest_bytes << c;
  }
  // The rule: the most frequent class (of equally frequent ones the smallest) is the default, and the
  // largest of the most frequent ones that together exceed 95 % is the maximum.
  [[nodiscard]] static sizes sizes_for(const histogram& calls) noexcept;

  calibration();

  // A buffer came back that held `length` bytes.
  void count(std::size_t length) noexcept {
    if (!count_if_easy(length)) count_slow(length);
  }
  // In two halves, so that the hit path ends where the second one begins: false if count_slow() has to
  // follow.
  [[nodiscard]] EBB_FAST_PATH bool count_if_easy(std::size_t length) noexcept {
    const std::size_t c = class_of(length);
    return c < row_words && spend_credit(c);
  }
  EBB_SLOW_PATH void count_slow(std::size_t length) noexcept;

  // relaxed: two numbers that are right on their own; a buffer is judged by what they are at the moment.
  [[nodiscard]] std::size_t default_bytes() const noexcept {
    return default_bytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t max_bytes() const noexcept {
    return max_bytes_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t row_words = shard_bytes / sizeof(std::int64_t);
  static constexpr std::size_t rows = (class_count + row_words - 1) / row_words;
  using word = atomic<std::int64_t>;
  struct alignas(shard_bytes) row {
    std::array<word, row_words> words{};
  };

  // What is known of one class, under mutex_.
  struct tally {
    std::int64_t granted = 0;         // credits handed out to shards, ever
    std::int64_t to_grant = 0;        // credits that may be handed out before the next sum
    std::int64_t batch = 0;           // credits handed out at a time until then
    std::int64_t at_calibration = 0;  // counted() at the last calibration
  };
  struct balance {
    std::int64_t sum = 0;    // of the shards' credits, negative ones included
    std::int64_t ahead = 0;  // buffers that shards will let pass without a look, at most
  };

  // False if this shard has none left, or the threshold is near.
  EBB_FAST_PATH bool spend_credit(std::size_t c) noexcept {
    return add_credit(c, -1) > check_below_[c].load(std::memory_order_relaxed);
  }
  EBB_FAST_PATH std::int64_t add_credit(std::size_t c, std::int64_t n) noexcept {
    return static_cast<std::int64_t>(percpu::add(credits_[c / row_words], shards_,
                                                 c % row_words * sizeof(std::int64_t),
                                                 static_cast<std::uint64_t>(n)));
  }
  void look(std::size_t c) noexcept;
  void sum_up(std::size_t c) noexcept;
  void calibrate() noexcept;
  [[nodiscard]] balance balance_of(std::size_t c) const noexcept;
  [[nodiscard]] std::int64_t counted(std::size_t c) const noexcept {
    return tallies_[c].granted - balance_of(c).sum;
  }

  // A shard has credit for so many buffers of each class before it has to look at the sum. Written under
  // the shard's id by percpu::add(); so a hit counts without a shared write, and the sum is still exact.
  const std::uint32_t shards_;
  std::array<std::unique_ptr<row[]>, rows> storage_;  // [c / 16][shard]
  std::array<void*, rows> credits_;                   // what percpu::add() takes
  // A shard looks when its credit is not above this: 0, or, when the threshold is near, the largest number.
  std::array<word, class_count> check_below_{};
  atomic<std::size_t> default_bytes_{0};
  atomic<std::size_t> max_bytes_{0};

  std::mutex mutex_;  // only tried: who finds it taken leaves the looking to its holder
  std::array<tally, class_count> tallies_{};
};

}  // namespace ebb::detail
