#include <ebb/pool_resource.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <ebb/collector.hpp>
#include <support/counting_resource.hpp>
#include <support/every_container.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::pool_resource;
using ebb::test::counting_resource;

static_assert(!std::is_copy_constructible_v<pool_resource> && !std::is_move_constructible_v<pool_resource>);
static_assert(std::is_final_v<pool_resource>);
static_assert(noexcept(std::declval<pool_resource&>().deallocate(nullptr, 1, 1)));
static_assert(noexcept(std::declval<pool_resource&>().release()));

// A block that somebody uses, filled with a pattern of its own.
struct block {
  std::byte* data;
  std::size_t bytes;
  std::size_t alignment;

  block(std::pmr::memory_resource& from, std::size_t n, std::size_t a)
      : data(static_cast<std::byte*>(from.allocate(n, a))), bytes(n), alignment(a) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % std::max<std::size_t>(a, 16), 0u);
    std::memset(data, pattern(), bytes);
  }
  [[nodiscard]] int pattern() const {
    return static_cast<int>((reinterpret_cast<std::uintptr_t>(data) / 16 + bytes) & 0xff);
  }
  [[nodiscard]] bool is_whole() const {
    return std::all_of(data, data + bytes,
                       [this](std::byte b) { return std::to_integer<int>(b) == pattern(); });
  }
  void give_to(std::pmr::memory_resource& to) const {
    EXPECT_TRUE(is_whole()) << bytes << " bytes aligned to " << alignment;
    to.deallocate(data, bytes, alignment);
  }
};

// Ends of blocks, 0 bytes counted as one, do not lie behind the next beginnings.
void expect_apart(std::vector<block> blocks) {
  std::sort(blocks.begin(), blocks.end(), [](const block& a, const block& b) { return a.data < b.data; });
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    ASSERT_LE(blocks[i - 1].data + std::max<std::size_t>(blocks[i - 1].bytes, 1), blocks[i].data);
  }
}

TEST(PoolResource, lends_blocks_of_every_size_and_alignment_that_are_aligned_and_apart) {
  counting_resource upstream;
  {
    pool_resource memory{{.largest_pooled_bytes = 1024}, &upstream};
    for (int round = 0; round < 2; ++round) {  // the second time they are used ones
      std::vector<block> blocks;
      for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
        for (std::size_t bytes = 0; bytes <= 1100; ++bytes) blocks.emplace_back(memory, bytes, alignment);
      }
      expect_apart(blocks);
      for (const block& b : blocks) b.give_to(memory);
    }
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}

TEST(PoolResource, lends_blocks_of_large_sizes) {
  pool_resource memory{{.largest_pooled_bytes = 1024 * 1024}};
  std::vector<block> blocks;
  for (std::size_t bytes = 1; bytes < 5 * 1024 * 1024; bytes = bytes * 9 / 8 + 1) {
    for (const std::size_t alignment : {8u, 64u, 4096u}) blocks.emplace_back(memory, bytes, alignment);
  }
  expect_apart(blocks);
  for (const block& b : blocks) b.give_to(memory);
}

TEST(PoolResource, gives_each_zero_byte_request_a_pointer_of_its_own) {
  counting_resource upstream;
  pool_resource memory(&upstream);
  std::vector<block> blocks;
  for (const std::size_t alignment : {1u, 16u, 32u, 4096u, 8192u}) {
    for (int i = 0; i < 100; ++i) blocks.emplace_back(memory, 0, alignment);
  }
  expect_apart(blocks);
  for (const block& b : blocks) b.give_to(memory);
}

TEST(PoolResource, is_equal_to_itself_only) {
  pool_resource a;
  pool_resource b;
  const std::pmr::memory_resource& base = a;
  EXPECT_TRUE(base.is_equal(a));
  EXPECT_FALSE(base.is_equal(b));
  EXPECT_TRUE(b != base);
}

TEST(PoolResource, lends_the_block_again_that_was_given_back_last) {
  const ebb::test::on_one_cpu here;
  counting_resource upstream;
  pool_resource memory(&upstream);
  void* const first = memory.allocate(100);
  memory.deallocate(first, 100);
  EXPECT_EQ(memory.allocate(112), first) << "the same class";
  EXPECT_EQ(upstream.allocations(), 1u);
  EXPECT_EQ(upstream.last(), (counting_resource::request{112, 16}));
  void* const larger = memory.allocate(113);
  EXPECT_NE(larger, first);
  EXPECT_EQ(upstream.last(), (counting_resource::request{128, 16}));
  memory.deallocate(larger, 113);
  memory.deallocate(first, 112);
}

TEST(PoolResource, keeps_alignments_apart) {
  const ebb::test::on_one_cpu here;
  counting_resource upstream;
  pool_resource memory(&upstream);
  void* const plain = memory.allocate(64, 16);
  memory.deallocate(plain, 64, 16);
  void* const aligned = memory.allocate(64, 64);
  EXPECT_EQ(upstream.last(), (counting_resource::request{64, 64}));
  memory.deallocate(aligned, 64, 64);
  EXPECT_EQ(memory.allocate(1, 64), aligned) << "at least the alignment in size";
  EXPECT_EQ(memory.allocate(50, 8), plain);
  EXPECT_EQ(upstream.allocations(), 2u);
  memory.deallocate(aligned, 1, 64);
  memory.deallocate(plain, 50, 8);
}

TEST(PoolResource, passes_what_is_too_large_or_too_aligned_to_upstream_and_back_as_it_was_asked_for) {
  counting_resource upstream;
  pool_resource memory{{.largest_pooled_bytes = 4096}, &upstream};
  const std::vector<counting_resource::request> requests = {
      {4097, 8}, {1 << 20, 16}, {4097, 64}, {8192, 4096}, {1, 8192}, {0, 8192}, {100, 1 << 16}};
  for (const auto& r : requests) {
    for (int round = 0; round < 2; ++round) {
      const std::uint64_t before = upstream.allocations();
      void* const p = memory.allocate(r.bytes, r.alignment);
      EXPECT_EQ(upstream.last(), r);
      EXPECT_EQ(upstream.allocations(), before + 1);
      EXPECT_EQ(upstream.blocks(), 1u);
      memory.deallocate(p, r.bytes, r.alignment);
      EXPECT_EQ(upstream.blocks(), 0u) << "nothing of it is kept";
    }
  }
}

TEST(PoolResource, can_be_called_through_the_base_class_and_directly_by_turns) {
  const ebb::test::on_one_cpu here;
  counting_resource upstream;
  pool_resource memory(&upstream);
  std::pmr::memory_resource& base = memory;
  void* const p = base.allocate(300);
  memory.deallocate(p, 300);
  EXPECT_EQ(memory.allocate(300), p);
  base.deallocate(p, 300);
  EXPECT_EQ(upstream.allocations(), 1u);
}

TEST(PoolResource, rounds_the_largest_pooled_size_up_to_its_class) {
  EXPECT_EQ((pool_resource{{.largest_pooled_bytes = 257}}.largest_pooled_bytes()), 288u);
  EXPECT_EQ((pool_resource{{.largest_pooled_bytes = 1000}}.largest_pooled_bytes()), 1024u);
  EXPECT_EQ(pool_resource{}.largest_pooled_bytes(), 65536u);
  EXPECT_EQ((pool_resource{{.largest_pooled_bytes = 1 << 20}}.largest_pooled_bytes()), 1048576u);
}

std::string complaint(const ebb::pool_resource_options& o, std::pmr::memory_resource* upstream) {
  try {
    const pool_resource memory(o, upstream);
    return "none";
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

TEST(PoolResource, names_the_option_that_is_out_of_range_and_the_valid_range) {
  const auto of_largest = [](std::size_t largest) {
    return complaint({.largest_pooled_bytes = largest, .name = "m"}, std::pmr::new_delete_resource());
  };
  EXPECT_EQ(of_largest(255),
            "ebb::pool_resource \"m\": options.largest_pooled_bytes is 255; valid are 256 to 1048576");
  EXPECT_EQ(of_largest(1048577),
            "ebb::pool_resource \"m\": options.largest_pooled_bytes is 1048577; valid are 256 to 1048576");
  EXPECT_EQ(of_largest(256), "none");
  EXPECT_EQ(of_largest(1048576), "none");
  EXPECT_EQ(complaint({.name = "m"}, nullptr),
            "ebb::pool_resource \"m\": upstream is null; valid is any memory_resource that outlives it");
}

TEST(PoolResource, takes_its_memory_from_new_and_delete_whatever_the_default_resource_is) {
  counting_resource other;
  std::pmr::set_default_resource(&other);
  pool_resource memory{{.name = "named"}};
  memory.deallocate(memory.allocate(10), 10);
  std::pmr::set_default_resource(nullptr);
  EXPECT_EQ(memory.upstream_resource(), std::pmr::new_delete_resource());
  EXPECT_EQ(other.allocations(), 0u);
  EXPECT_EQ(memory.name(), "named");
  EXPECT_EQ(pool_resource(&other).upstream_resource(), &other);
}

TEST(PoolResource, passes_on_what_upstream_throws_and_loses_nothing) {
  const ebb::test::on_one_cpu here;
  const std::vector<counting_resource::request> requests = {{1, 1},  {100, 8},   {100, 64}, {5000, 16},
                                                            {1, 16}, {70000, 8}, {8, 8192}, {100, 4096}};
  const std::size_t all = requests.size();
  for (std::size_t refused = 0; refused < all; ++refused) {
    counting_resource upstream;
    pool_resource memory(&upstream);
    std::vector<block> blocks;
    upstream.refuse_from(refused + 1);
    for (std::size_t i = 0; i < all; ++i) {
      const auto [bytes, alignment] = requests[i];
      if (i < refused) {
        blocks.emplace_back(memory, bytes, alignment);
      } else {
        EXPECT_THROW((void)memory.allocate(bytes, alignment), std::bad_alloc);
      }
    }
    EXPECT_EQ(upstream.blocks(), refused);
    for (const block& b : blocks) b.give_to(memory);
    blocks.clear();
    for (std::size_t i = 0; i < refused; ++i) {  // what is idle is lent without upstream
      const auto [bytes, alignment] = requests[i];
      if (bytes <= 65536 && alignment <= 4096) blocks.emplace_back(memory, bytes, alignment);
    }
    upstream.refuse_none();
    for (const auto& [bytes, alignment] : requests) blocks.emplace_back(memory, bytes, alignment);
    expect_apart(blocks);
    for (const block& b : blocks) b.give_to(memory);
    const ebb::pool_stats s = memory.stats();
    EXPECT_EQ(s.made, s.idle + s.destroyed());
    EXPECT_EQ(s.in_use(), 0u);
  }
}

TEST(PoolResource, gives_upstream_each_block_back_as_it_was_asked_for) {
  counting_resource upstream;  // compares
  {
    pool_resource memory(&upstream);
    ebb::test::dice d(1);
    std::vector<block> blocks;
    for (int i = 0; i < 20'000; ++i) {
      if (blocks.empty() || d.roll(5) < 3) {
        blocks.emplace_back(memory, d.roll(1u << d.roll(18)), std::size_t{1} << d.roll(14));
      } else {
        std::swap(blocks[d.roll(static_cast<std::uint32_t>(blocks.size()))], blocks.back());
        blocks.back().give_to(memory);
        blocks.pop_back();
      }
      if (i % 5000 == 4999) ebb::collect();
    }
    for (const block& b : blocks) b.give_to(memory);
    EXPECT_GT(upstream.blocks(), 1000u);
  }
  EXPECT_EQ(upstream.blocks(), 0u);
  EXPECT_EQ(upstream.bytes(), 0u);
}

TEST(PoolResource, idle_blocks_survive_one_cycle_and_go_upstream_in_the_second) {
  counting_resource upstream;
  pool_resource memory(&upstream);
  const block kept(memory, 500, 8);
  {
    std::vector<block> blocks;
    for (std::size_t bytes = 1; bytes <= 65536; bytes += 997) blocks.emplace_back(memory, bytes, 8);
    for (const block& b : blocks) b.give_to(memory);
  }
  const std::size_t before = upstream.blocks();
  ebb::collect();
  EXPECT_EQ(upstream.blocks(), before);
  ebb::collect();
  EXPECT_EQ(upstream.blocks(), 1u);
  kept.give_to(memory);
}

TEST(PoolResource, release_gives_all_that_is_idle_to_upstream_and_leaves_blocks_in_use_alone) {
  counting_resource upstream;
  pool_resource memory(&upstream);
  std::vector<block> used;
  std::vector<block> idle;
  for (const std::size_t alignment : {8u, 64u, 1024u}) {
    for (std::size_t bytes = 1; bytes <= 60000; bytes = bytes * 5 / 4 + 1) {
      used.emplace_back(memory, bytes, alignment);
      idle.emplace_back(memory, bytes, alignment);
    }
  }
  for (const block& b : idle) b.give_to(memory);
  EXPECT_EQ(upstream.blocks(), used.size() + idle.size());
  memory.release();
  EXPECT_EQ(upstream.blocks(), used.size());
  EXPECT_EQ(memory.idle_bytes(), 0u);
  for (const block& b : used) EXPECT_TRUE(b.is_whole());
  for (const block& b : used) b.give_to(memory);
  memory.release();
  EXPECT_EQ(upstream.blocks(), 0u);
  memory.release();  // of nothing
  block(memory, 100, 8).give_to(memory);
}

TEST(PoolResource, counts_its_blocks_and_their_bytes) {
  pool_resource memory;
  std::vector<block> blocks;
  for (int i = 0; i < 10; ++i) blocks.emplace_back(memory, 100, 8);     // 112
  for (int i = 0; i < 5; ++i) blocks.emplace_back(memory, 100, 64);     // 128
  for (int i = 0; i < 3; ++i) blocks.emplace_back(memory, 100'000, 8);  // not pooled
  EXPECT_EQ(memory.stats().made, 15u);
  EXPECT_EQ(memory.stats().missed, 15u);
  EXPECT_EQ(memory.stats().in_use(), 15u);
  EXPECT_EQ(memory.idle_bytes(), 0u);
  for (const block& b : blocks) b.give_to(memory);
  EXPECT_EQ(memory.stats().idle, 15u);
  EXPECT_EQ(memory.idle_bytes(), 10 * 112u + 5 * 128u);
  EXPECT_EQ(memory.stats().in_use(), 0u);
}

TEST(PoolResource, never_has_more_bytes_idle_than_max_idle_bytes) {
  // Room in magazines that another shard has loaded counts as used, so a thread that wanders keeps less.
  const ebb::test::on_one_cpu here;
  counting_resource upstream;
  constexpr std::size_t bound = 100'000;
  pool_resource memory{{.max_idle_bytes = bound}, &upstream};
  ebb::test::dice d(2);
  std::vector<block> blocks;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) blocks.emplace_back(memory, d.roll(20'000), 8);
    for (const block& b : blocks) b.give_to(memory);
    blocks.clear();
    EXPECT_LE(upstream.bytes(), bound);
    EXPECT_EQ(memory.idle_bytes(), upstream.bytes());
  }
  EXPECT_GT(memory.idle_bytes(), bound / 4);
  EXPECT_GT(memory.stats().dropped_over_budget, 0u);
}

TEST(PoolResource, keeps_nothing_with_max_idle_bytes_of_zero) {
  counting_resource upstream;
  pool_resource memory{{.max_idle_bytes = 0}, &upstream};
  for (std::size_t bytes = 1; bytes < 50'000; bytes *= 3) block(memory, bytes, 8).give_to(memory);
  EXPECT_EQ(upstream.blocks(), 0u);
}

TEST(PoolResource, serves_every_standard_container) {
  counting_resource upstream;
  {
    pool_resource memory(&upstream);
    ebb::test::every_container(std::pmr::polymorphic_allocator<std::byte>(&memory)).use();
    const ebb::pool_stats s = memory.stats();
    EXPECT_EQ(s.in_use(), 0u);
    EXPECT_GT(s.made, 0u);
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}

TEST(PoolResource, serves_as_the_default_resource) {
  counting_resource upstream;
  {
    pool_resource memory(&upstream);
    std::pmr::set_default_resource(&memory);
    {
      ebb::test::every_container(std::pmr::polymorphic_allocator<std::byte>()).use();
      pool_resource second;  // does not take its memory from the first
      block(second, 100, 8).give_to(second);
      EXPECT_EQ(second.upstream_resource(), std::pmr::new_delete_resource());
    }
    std::pmr::set_default_resource(nullptr);
    EXPECT_GT(upstream.allocations(), 100u);
    EXPECT_EQ(memory.stats().in_use(), 0u);
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}

// A default resource that is never destroyed, used by what static destructors destroy.
[[noreturn]] void use_until_the_very_end(bool leaked) {
  static pool_resource in_function{{.name = "in a function"}};
  pool_resource* const memory = leaked ? new pool_resource{{.name = "leaked"}} : &in_function;
  std::pmr::set_default_resource(memory);
  static std::pmr::map<int, std::pmr::string> names;  // destroyed before `in_function`
  for (int i = 0; i < 1000; ++i) names.emplace(i, "a string that is too long to be kept without memory");
  names.erase(names.begin(), names.find(500));
  std::exit(names.size() == 500 && memory->stats().idle > 0 ? 0 : 1);
}

TEST(PoolResourceDeathTest, may_be_the_default_resource_until_the_process_ends) {
  EXPECT_EXIT(use_until_the_very_end(false), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(use_until_the_very_end(true), testing::ExitedWithCode(0), "");
}

TEST(PoolResource, frees_what_a_shared_pointer_holds_on_whichever_thread_lets_go_last) {
  counting_resource upstream;
  {
    pool_resource memory(&upstream);
    const std::pmr::polymorphic_allocator<std::string> alloc(&memory);
    auto shared = std::allocate_shared<std::string>(alloc, "a string");
    EXPECT_EQ(memory.stats().in_use(), 1u);
    std::thread([last = std::move(shared)]() mutable {
      EXPECT_EQ(*last, "a string");
      last.reset();
    }).join();
    EXPECT_EQ(memory.stats().in_use(), 0u);
    EXPECT_EQ(memory.stats().idle, 1u);
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}

TEST(PoolResource, lends_blocks_again_that_another_thread_gave_back) {
  counting_resource upstream;
  pool_resource memory(&upstream);
  std::vector<block> blocks;
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < 1000; ++i) blocks.emplace_back(memory, 1 + i * 13, 8);
    std::thread([&] {
      for (const block& b : blocks) b.give_to(memory);
    }).join();
    blocks.clear();
  }
  // What a shard has loaded when its thread ends may be out of reach, up to 62 for each class, but no more.
  EXPECT_LT(upstream.blocks(), 2 * 1000u);
}

// How many of `count` blocks that one thread gave back another cannot have, while the first runs on.
std::uint64_t out_of_reach(pool_resource& memory, std::size_t bytes, int count) {
  std::atomic<bool> given_back{false};
  std::atomic<bool> tried{false};
  std::uint64_t missed = 0;
  const auto burst = [&] {
    std::vector<block> blocks;
    for (int i = 0; i < count; ++i) blocks.emplace_back(memory, bytes, 8);
    for (const block& b : blocks) b.give_to(memory);
  };
  std::thread first([&] {
    ebb::test::run_on_cpu(0);
    for (int round = 0; round < 10; ++round) burst();
    given_back = true;
    while (!tried) {}  // keeps its shard
  });
  std::thread second([&] {
    ebb::test::run_on_cpu(1);
    while (!given_back) std::this_thread::yield();
    const std::uint64_t before = memory.stats().missed;
    burst();
    tried = true;
    missed = memory.stats().missed - before;
  });
  first.join();
  second.join();
  return missed;
}

TEST(PoolResource, lets_a_shard_keep_fewer_of_its_blocks_out_of_reach_the_larger_they_are) {
  pool_resource memory;
  EXPECT_LE(out_of_reach(memory, 65536, 100), 1u);
  EXPECT_LE(out_of_reach(memory, 16384, 100), 4u);
}

// libstdc++'s own resource rounds such a size up to a few bytes.
TEST(PoolResource, refuses_sizes_that_no_memory_has) {
  pool_resource memory;
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 40, SIZE_MAX / 2 + 1}) {
    for (const std::size_t alignment : {1u, 16u, 64u, 8192u}) {
      EXPECT_THROW((void)memory.allocate(bytes, alignment), std::bad_alloc) << bytes << ", " << alignment;
    }
  }
}

}  // namespace
