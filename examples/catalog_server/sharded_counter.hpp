// A counter that many threads add to and a few read now and then.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace catalog {

/// Spreads its additions over cache lines, so that counting does not become what the demo measures.
class sharded_counter {
 public:
  void add(std::int64_t amount) noexcept {
    // relaxed: a number for people to read; nothing is published through it.
    shards_[my_shard()].value.fetch_add(amount, std::memory_order_relaxed);
  }

  /// Exact once the threads that count are quiet.
  [[nodiscard]] std::int64_t total() const noexcept {
    std::int64_t sum = 0;
    for (const shard& s : shards_) sum += s.value.load(std::memory_order_relaxed);  // relaxed: as in add()
    return sum;
  }

 private:
  struct alignas(64) shard {
    std::atomic<std::int64_t> value{0};
  };

  static std::size_t my_shard() noexcept {
    static constinit std::atomic<std::size_t> next{0};
    static constinit thread_local std::size_t mine = shard_count;
    // relaxed: the numbers only have to be spread, not ordered.
    if (mine == shard_count) mine = next.fetch_add(1, std::memory_order_relaxed) % shard_count;
    return mine;
  }

  static constexpr std::size_t shard_count = 32;
  std::array<shard, shard_count> shards_{};
};

}  // namespace catalog
