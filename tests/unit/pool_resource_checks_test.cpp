// Checked builds of pool_resource: every misuse stops the program with a message. This program is compiled
// with EBB_CHECKED=1 in every build.
#include <ebb/pool_resource.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <ebb/collector.hpp>
#include <support/counting_resource.hpp>
#include <support/every_container.hpp>

static_assert(ebb::detail::checked_build);

namespace {

using ebb::pool_resource;

TEST(PoolResourceChecks, correct_use_passes) {
  ebb::test::counting_resource upstream;
  {
    pool_resource memory{{.name = "good"}, &upstream};
    ebb::test::every_container(std::pmr::polymorphic_allocator<std::byte>(&memory)).use();
    ebb::test::every_container(ebb::pool_allocator<std::byte>(memory)).use();
    for (const std::size_t bytes : {0u, 1u, 100u, 70'000u}) {
      for (const std::size_t alignment : {8u, 64u, 8192u}) {
        memory.deallocate(memory.allocate(bytes, alignment), bytes, alignment);
      }
    }
    ebb::collect();
    ebb::test::every_container(ebb::pool_allocator<std::byte>(memory)).use();
    memory.release();
    EXPECT_EQ(memory.stats().idle, 0u);
    EXPECT_EQ(upstream.blocks(), 0u);
  }
}

TEST(PoolResourceChecksDeathTest, deallocating_a_block_twice) {
  const auto misuse = [] {
    pool_resource memory{{.name = "twice"}};
    void* const p = memory.allocate(100);
    memory.deallocate(p, 100);
    memory.deallocate(p, 100);
  };
  EXPECT_DEATH(misuse(),
               "double put: object 0x[0-9a-f]+, pool \"twice, blocks of 112 bytes\" "
               ".*pool_resource.*\n  fix: ");
}

TEST(PoolResourceChecksDeathTest, deallocating_a_block_twice_through_the_base_class) {
  const auto misuse = [] {
    pool_resource memory{{.name = "twice"}};
    std::pmr::memory_resource& base = memory;
    void* const p = base.allocate(100, 128);
    base.deallocate(p, 100, 128);
    base.deallocate(p, 100, 128);
  };
  EXPECT_DEATH(misuse(), "double put: .*\"twice, blocks of 128 bytes, aligned to 128\"");
}

TEST(PoolResourceChecksDeathTest, deallocating_with_a_size_of_another_class) {
  const auto misuse = [] {
    pool_resource memory{{.name = "sizes"}};
    memory.deallocate(memory.allocate(100), 200);
  };
  EXPECT_DEATH(misuse(), "put of a foreign object: .*\"sizes, blocks of 208 bytes\"");
}

TEST(PoolResourceChecksDeathTest, deallocating_with_another_alignment) {
  const auto misuse = [] {
    pool_resource memory{{.name = "alignments"}};
    memory.deallocate(memory.allocate(64, 64), 64, 8);
  };
  EXPECT_DEATH(misuse(), "put of a foreign object: .*\"alignments, blocks of 64 bytes\"");
}

TEST(PoolResourceChecksDeathTest, deallocating_a_small_block_as_one_that_is_not_pooled) {
  const auto misuse = [](std::size_t bytes, std::size_t alignment) {
    pool_resource memory{{.name = "large"}};
    memory.deallocate(memory.allocate(100), bytes, alignment);
  };
  const char* const message = "put of a foreign object: .*\"large, blocks that are not pooled\"";
  EXPECT_DEATH(misuse(100'000, 8), message);
  EXPECT_DEATH(misuse(100, 8192), message);
  EXPECT_DEATH(misuse(100, 64), message) << "no block with this alignment was ever allocated";
}

TEST(PoolResourceChecksDeathTest, deallocating_a_block_that_is_not_pooled_as_a_small_one) {
  const auto misuse = [] {
    pool_resource memory{{.name = "small"}};
    memory.deallocate(memory.allocate(100'000), 100);
  };
  EXPECT_DEATH(misuse(), "put of a foreign object: .*\"small, blocks of 112 bytes\"");
}

TEST(PoolResourceChecksDeathTest, deallocating_a_block_that_is_not_pooled_twice) {
  const auto misuse = [] {
    pool_resource memory;
    void* const p = memory.allocate(100'000);
    memory.deallocate(p, 100'000);
    memory.deallocate(p, 100'000);
  };
  EXPECT_DEATH(misuse(), "put of an object the pool does not know: .*\"blocks that are not pooled\"");
}

TEST(PoolResourceChecksDeathTest, deallocating_what_another_resource_has_lent) {
  const auto misuse = [] {
    pool_resource mine{{.name = "mine"}};
    pool_resource other{{.name = "other"}};
    mine.deallocate(other.allocate(100), 100);
  };
  EXPECT_DEATH(misuse(), "put of a foreign object: .*\"mine, ");
}

TEST(PoolResourceChecksDeathTest, deallocating_what_no_resource_has_lent) {
  const auto misuse = [] {
    pool_resource memory{{.name = "unknown"}};
    alignas(16) std::byte local[100];
    memory.deallocate(local, 100);
  };
  EXPECT_DEATH(misuse(), "put of an object the pool does not know: .*\"unknown, blocks of 112 bytes\"");
}

TEST(PoolResourceChecksDeathTest, destroying_a_resource_while_blocks_are_out) {
  const auto misuse = [](std::size_t bytes, std::size_t alignment) {
    std::optional<pool_resource> memory;
    memory.emplace(ebb::pool_resource_options{.name = "short"});
    (void)memory->allocate(bytes, alignment);
    (void)memory->allocate(bytes, alignment);
    memory.reset();
  };
  EXPECT_DEATH(misuse(100, 8), "destroyed while 2 of its .* out\n.*\"short, blocks of 112 bytes\"");
  EXPECT_DEATH(misuse(100, 64), "destroyed while 2 of its .* out\n.*\"short, blocks of 128 bytes, aligned");
  EXPECT_DEATH(misuse(100'000, 8),
               "destroyed while 2 of its .* out\n.*\"short, blocks that are not pooled\"");
}

#if EBB_ASAN
TEST(PoolResourceChecksDeathTest, use_after_deallocate_is_reported_by_asan) {
  const auto misuse = [] {
    pool_resource memory;
    auto* const text = static_cast<char*>(memory.allocate(100));
    memory.deallocate(text, 100);
    text[50] = 'x';
  };
  EXPECT_DEATH(misuse(), "use-after-poison");
}

TEST(PoolResourceChecksDeathTest, writing_behind_what_was_asked_for_is_reported_by_asan) {
  const auto misuse = [](bool used_before) {
    pool_resource memory;
    if (used_before) memory.deallocate(memory.allocate(112), 112);
    auto* const text = static_cast<volatile char*>(memory.allocate(100));
    text[99] = 'x';
    text[100] = 'x';
  };
  EXPECT_DEATH(misuse(false), "use-after-poison");
  EXPECT_DEATH(misuse(true), "use-after-poison");
}

TEST(PoolResourceChecks, what_idle_blocks_of_an_immortal_resource_own_is_no_leak) {
  std::vector<std::string*, ebb::pool_allocator<std::string*>> leaky{new std::string(100, 'x')};
  leaky.clear();
}
#endif

// EBB_RANDOM is read once per process, so this runs in a child that sets it.
[[noreturn]] void use_at_random() {
  (void)::setenv("EBB_RANDOM", "4", 1);
  ebb::test::counting_resource upstream;
  {
    pool_resource memory(&upstream);
    ebb::test::every_container(ebb::pool_allocator<std::byte>(memory)).use();
    const std::uint64_t before = memory.stats().reused_depot + memory.stats().reused_stolen;
    for (int i = 0; i < 10'000; ++i) memory.deallocate(memory.allocate(20), 20);
    const ebb::pool_stats s = memory.stats();
    if (s.dropped_at_random < 2000 || s.made != s.idle + s.destroyed()) std::_Exit(1);
    if (s.reused_depot + s.reused_stolen < before + 1000) std::_Exit(3);
  }
  std::_Exit(upstream.blocks() == 0 && !testing::Test::HasFailure() ? 0 : 2);
}

TEST(PoolResourceChecksDeathTest, random_mode_drops_and_steals_one_in_n) {
  EXPECT_EXIT(use_at_random(), testing::ExitedWithCode(0), "");
}

}  // namespace
