// Blocks of one size in memory that stays mapped for the life of the process, so that a thread that lost
// a race may still read a block that somebody else owns by now. Lock-free, straight from the kernel: a
// thread stopped inside get or put holds no allocator lock that others need.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/versioned_stack.hpp>

namespace ebb::detail {

class block_arena {
 public:
  // `block_bytes`: a multiple of the alignment wanted, which is at most a page.
  explicit constexpr block_arena(std::size_t block_bytes) noexcept : block_bytes_(block_bytes) {}
  block_arena(const block_arena&) = delete;
  block_arena& operator=(const block_arena&) = delete;

  // Returns the index of a block, 1 .. max_stack_index, or 0 when there is no memory. A block's first
  // use finds it zeroed.
  [[nodiscard]] std::uint32_t allocate() noexcept;
  void release(std::uint32_t index) noexcept;
  // Gives the block's pages back to the kernel; its contents read as zero afterwards.
  // Only for blocks that are whole pages.
  void discard(std::uint32_t index) noexcept;

  [[nodiscard]] void* at(std::uint32_t index) const noexcept {
    const place p = place_of(index);
    // Edge segment, acquire half.
    return segments_[p.segment].load(std::memory_order_acquire) + p.offset * block_bytes_;
  }

  // A word beside each block for its owner's use; 0 after allocate().
  [[nodiscard]] atomic<std::uint32_t>& note(std::uint32_t index) const noexcept;

 private:
  // Segment k has first_segment << k blocks, followed by as many notes.
  static constexpr std::uint32_t first_segment = 1 << first_segment_bits;
  struct place {
    std::size_t segment;
    std::size_t offset;
  };
  static constexpr place place_of(std::uint32_t index) noexcept {
    const std::uint32_t i = index - 1 + first_segment;
    const auto k = static_cast<std::size_t>(std::bit_width(i / first_segment) - 1);
    return {k, i - (std::size_t{first_segment} << k)};
  }
  bool map_segment(std::size_t segment) noexcept;

  const std::size_t block_bytes_;
  // Null until the first block of a segment is asked for, then constant.
  // Edge segment: release by map_segment(), acquire by at(): the mapping exists.
  // One more than the width says: the last first_segment - 1 indices lie beyond its powers of two.
  static constexpr std::size_t segment_count = stack_index_bits - first_segment_bits + 1;
  std::array<atomic<std::byte*>, segment_count> segments_{};
  atomic<std::uint32_t> next_{1};  // the first index never handed out
  versioned_stack free_;           // linked through notes
};

}  // namespace ebb::detail
