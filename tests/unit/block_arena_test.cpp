#include <ebb/detail/block_arena.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace {

using ebb::detail::block_arena;

TEST(BlockArena, blocks_do_not_overlap_and_begin_as_zero) {
  constexpr std::size_t bytes = 640;
  block_arena arena{bytes};
  std::vector<std::byte*> blocks;
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    ASSERT_EQ(arena.allocate(), i);
    auto* const block = static_cast<std::byte*>(arena.at(i));
    EXPECT_TRUE(std::all_of(block, block + bytes, [](std::byte b) { return b == std::byte{0}; })) << i;
    std::memset(block, 0xff, bytes);
    EXPECT_EQ(arena.note(i), 0u);
    blocks.push_back(block);
  }
  std::sort(blocks.begin(), blocks.end());
  for (std::size_t i = 1; i < blocks.size(); ++i)
    EXPECT_GE(blocks[i] - blocks[i - 1], std::ptrdiff_t{bytes});
}

TEST(BlockArena, gives_released_blocks_again_before_new_ones) {
  block_arena arena{64};
  const std::uint32_t a = arena.allocate();
  const std::uint32_t b = arena.allocate();
  arena.note(a) = 5;
  arena.release(a);
  EXPECT_EQ(arena.allocate(), a);
  EXPECT_EQ(arena.note(a), 0u);
  arena.release(b);
  arena.release(a);
  EXPECT_EQ(arena.allocate(), a);
  EXPECT_EQ(arena.allocate(), b);
}

TEST(BlockArena, a_discarded_block_reads_as_zero) {
  block_arena arena{4096};
  const std::uint32_t i = arena.allocate();
  std::memset(arena.at(i), 0xff, 4096);
  arena.discard(i);
  EXPECT_EQ(*static_cast<std::uint64_t*>(arena.at(i)), 0u);
}

TEST(BlockArena, hands_each_block_to_one_thread) {
  block_arena arena{128};
  std::vector<std::vector<std::uint32_t>> got(4);
  std::vector<std::thread> threads;
  for (auto& mine : got) {
    threads.emplace_back([&arena, &mine] {
      for (int i = 0; i < 5000; ++i) mine.push_back(arena.allocate());
    });
  }
  for (auto& t : threads) t.join();
  std::set<std::uint32_t> all;
  for (const auto& mine : got) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 20'000u);
  EXPECT_EQ(all.count(0), 0u);
}

}  // namespace
