// Which size the buffers of a pool should have, learned from those that come back: the calibration of
// valyala/bytebufferpool, counted per shard.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

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
    const std::size_t c = length <= smallest_bytes
                              ? 0
                              : static_cast<std::size_t>(std::bit_width((length - 1) / smallest_bytes));
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
    const std::size_t c = class_of(length);
    const auto left = static_cast<std::int64_t>(percpu::add(credits_[c / per_word_row], shards_,
                                                            c % per_word_row * sizeof(std::int64_t),
                                                            ~std::uint64_t{0}));  // minus 1
    if (left > check_below_[c].load(std::memory_order_relaxed)) [[likely]]
      return;
    look(c);
  }
  // relaxed: two numbers that are right on their own; a buffer is judged by what they are at the moment.
  [[nodiscard]] std::size_t default_bytes() const noexcept {
    return default_bytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t max_bytes() const noexcept {
    return max_bytes_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t per_word_row = shard_bytes / sizeof(std::int64_t);
  static constexpr std::size_t rows = (class_count + per_word_row - 1) / per_word_row;
  using word = std::atomic<std::int64_t>;
  struct alignas(shard_bytes) row {
    std::array<word, per_word_row> words{};
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

  EBB_SLOW_PATH void look(std::size_t c) noexcept;
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
  std::atomic<std::size_t> default_bytes_{0};
  std::atomic<std::size_t> max_bytes_{0};

  std::mutex mutex_;  // only tried: who finds it taken leaves the looking to its holder
  std::array<tally, class_count> tallies_{};
};

}  // namespace ebb::detail
