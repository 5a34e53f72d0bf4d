// Blocks have one owner at a time and keep what was written to them, whatever threads, CPUs and cycles do.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/pool_resource.hpp>
#include <support/counting_resource.hpp>
#include <support/threads.hpp>

namespace {

using ebb::pool_resource;
using ebb::test::counting_resource;
using ebb::test::dice;
using ebb::test::run_on_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;

// What a thread writes from one end of a block to the other, so that nobody else's bytes pass for it.
struct stamp {
  std::uint32_t owner;
  std::uint32_t serial;
  std::uint32_t bytes;
  std::uint32_t log2_of_alignment;
};

// A block with a stamp in front and bytes that follow from the stamp behind.
class stamped {
 public:
  stamped(pool_resource& memory, std::uint32_t owner, std::uint32_t serial, dice& d)
      : stamp_{owner, serial, random_bytes(d), random_alignment(d)},
        data_(static_cast<std::byte*>(memory.allocate(stamp_.bytes, alignment()))) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data_) % alignment(), 0u);
    std::memcpy(data_, &stamp_, sizeof stamp_);
    std::memset(data_ + sizeof stamp_, filling(), stamp_.bytes - sizeof stamp_);
  }
  void give_to(pool_resource& memory) const {
    EXPECT_EQ(std::memcmp(data_, &stamp_, sizeof stamp_), 0) << "another owner's stamp";
    for (std::size_t i = sizeof stamp_; i < stamp_.bytes; ++i) {
      ASSERT_EQ(std::to_integer<int>(data_[i]), filling()) << "byte " << i << " of " << stamp_.bytes;
    }
    // What is left in a block must not pass for the next owner's.
    std::memset(data_, 0xee, sizeof stamp_);
    memory.deallocate(data_, stamp_.bytes, alignment());
  }

 private:
  // Mostly small, now and then a block that is not pooled.
  static std::uint32_t random_bytes(dice& d) {
    return static_cast<std::uint32_t>(sizeof(stamp)) + d.roll(1u << d.roll(d.roll(50) == 0 ? 18 : 11));
  }
  static std::uint32_t random_alignment(dice& d) { return d.roll(4) == 0 ? d.roll(14) : 3; }
  [[nodiscard]] std::size_t alignment() const { return std::size_t{1} << stamp_.log2_of_alignment; }
  [[nodiscard]] int filling() const { return static_cast<int>((stamp_.owner * 37 + stamp_.serial) & 0x7f); }

  stamp stamp_;
  std::byte* data_;
};

using mailboxes = std::array<std::atomic<stamped*>, 64>;

void work(pool_resource& memory, mailboxes& boxes, std::uint32_t me, int operations) {
  dice d(static_cast<int>(me));
  std::vector<std::unique_ptr<stamped>> held;
  for (int i = 0; i < operations; ++i) {
    if (d.roll(5000) == 0) run_on_cpu(static_cast<int>(d.roll(64)));
    if (d.roll(500) == 0) std::this_thread::yield();
    if (d.roll(20'000) == 0) memory.release();
    const std::uint32_t limit = d.roll(300) == 0 ? 300 : 8;  // now and then a burst
    if (held.size() < limit && d.roll(2) == 0) {
      held.push_back(std::make_unique<stamped>(memory, me, static_cast<std::uint32_t>(i), d));
    } else if (!held.empty()) {
      // To another thread: it finds what this one wrote, and gives it back.
      auto* const mine = held.back().release();
      held.pop_back();
      const std::unique_ptr<stamped> other(boxes[d.roll(64)].exchange(mine, std::memory_order_acq_rel));
      if (other != nullptr) other->give_to(memory);
    }
  }
  for (const auto& b : held) b->give_to(memory);
}

struct PoolResourceStress : testing::TestWithParam<int> {};

TEST_P(PoolResourceStress, blocks_of_random_sizes_and_alignments_change_hands_while_cycles_run) {
  const int threads = GetParam();
  counting_resource upstream;
  {
    pool_resource memory(&upstream);
    mailboxes boxes{};
    std::atomic<int> working{threads};
    run_together(threads + 1, [&](int me) {
      if (me == threads) {
        while (working > 0) {
          ebb::collect();
          std::this_thread::yield();
        }
        return;
      }
      work(memory, boxes, static_cast<std::uint32_t>(me), 1'000'000 / threads / slowdown);
      --working;
    });
    for (auto& box : boxes) {
      const std::unique_ptr<stamped> last(box.load());
      if (last != nullptr) last->give_to(memory);
    }
    const ebb::pool_stats s = memory.stats();
    EXPECT_EQ(s.in_use(), 0u);
    EXPECT_EQ(s.made, s.idle + s.destroyed());
    EXPECT_EQ(upstream.blocks(), s.idle);
    EXPECT_EQ(upstream.bytes(), memory.idle_bytes());
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}
INSTANTIATE_TEST_SUITE_P(, PoolResourceStress, testing::Values(2, 4, 16));

TEST(PoolResourceRace, first_request_of_an_alignment_makes_one_set_of_classes_and_loses_nothing) {
  constexpr int threads = 8;
  for (int round = 0; round < 300 / slowdown; ++round) {
    counting_resource upstream;
    {
      pool_resource memory(&upstream);
      run_together(threads, [&](int me) {
        for (std::size_t alignment = 32; alignment <= 4096; alignment *= 2) {
          const std::size_t bytes = alignment * static_cast<std::size_t>(1 + me % 3);
          auto* const block = static_cast<int*>(memory.allocate(bytes, alignment));
          *block = me;
          EXPECT_EQ(*block, me);
          memory.deallocate(block, bytes, alignment);
        }
      });
      // One set, so what any thread gave back is there.
      EXPECT_EQ(upstream.blocks(), memory.stats().idle);
      EXPECT_EQ(memory.stats().in_use(), 0u);
    }
    EXPECT_EQ(upstream.blocks(), 0u);
  }
}

}  // namespace
