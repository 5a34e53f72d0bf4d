#include <ebb/detail/block_classes.hpp>

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include <ebb/detail/block_pools.hpp>
#include <ebb/pool_resource.hpp>

namespace {

using namespace ebb::detail;

constexpr std::size_t largest = std::size_t{1024} * 1024;

// The sizes as the documentation has them, one after another.
std::vector<std::size_t> documented_sizes() {
  std::vector<std::size_t> sizes;
  for (std::size_t bytes = 16; bytes <= 128; bytes += 16) sizes.push_back(bytes);
  for (std::size_t half = 128; half < largest; half *= 2) {
    for (std::size_t i = 1; i <= 8; ++i) sizes.push_back(half + i * half / 8);
  }
  return sizes;
}

TEST(BlockClasses, are_multiples_of_16_up_to_128_and_then_8_to_every_doubling) {
  std::size_t index = 0;
  for (const std::size_t bytes : documented_sizes()) {
    ASSERT_EQ(units_of_class(index) * 16, bytes) << "class " << index;
    ++index;
  }
}

TEST(BlockClasses, every_size_gets_the_first_class_that_is_large_enough) {
  const std::vector<std::size_t> sizes = documented_sizes();
  std::size_t fitting = 0;
  for (std::size_t bytes = 1; bytes <= largest; ++bytes) {
    if (sizes[fitting] < bytes) ++fitting;
    ASSERT_EQ(class_of_last_unit((bytes - 1) / 16), fitting) << bytes << " bytes";
    ASSERT_EQ(plain_class_bytes(bytes), sizes[fitting]) << bytes << " bytes";
  }
}

TEST(BlockClasses, waste_less_than_an_eighth_above_128_bytes) {
  for (std::size_t bytes = 129; bytes <= largest; ++bytes) {
    ASSERT_LT((plain_class_bytes(bytes) - bytes) * 8, bytes) << bytes << " bytes";
  }
}

TEST(BlockClasses, each_alignment_above_16_has_a_set_of_its_own) {
  for (std::size_t alignment = 1; alignment <= 16; alignment *= 2) {
    EXPECT_EQ(set_of_alignment(alignment), 0u);
    EXPECT_EQ(log2_of_unit(alignment), 4u);
  }
  std::size_t set = 0;
  for (std::size_t alignment = 32; alignment <= 4096; alignment *= 2) {
    EXPECT_EQ(set_of_alignment(alignment), ++set);
    EXPECT_EQ(std::size_t{1} << log2_of_unit(alignment), alignment);
  }
  EXPECT_EQ(set + 1, alignment_sets);
}

struct BlockPools : testing::TestWithParam<std::size_t> {
  static void nothing(void*, void*) noexcept {}
  std::size_t bound = GetParam();
  block_pools pools{{.largest_pooled_bytes = bound}, std::pmr::new_delete_resource(), nothing, "i"};
};

// What a class must be, from its definition: found without the arithmetic under test.
void expect_fits(const pool_core& c, std::size_t bytes, std::size_t alignment) {
  const block_origin& origin = block_origin::of(c);
  const std::size_t unit = alignment < 16 ? 16 : alignment;
  const std::size_t wanted = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
  ASSERT_EQ(origin.alignment, unit);
  ASSERT_EQ(origin.bytes, c.traits().bytes);
  ASSERT_EQ(origin.bytes % unit, 0u);
  ASSERT_GE(origin.bytes, wanted);
  ASSERT_LE((origin.bytes - wanted) * 8, wanted) << "for whole units of the alignment";
}

TEST_P(BlockPools, find_a_class_for_every_size_and_alignment_that_is_pooled_and_for_no_other) {
  const std::size_t top = pools.largest();
  EXPECT_EQ(top, plain_class_bytes(bound));
  for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
    for (std::size_t bytes = 0; bytes <= top + 5000; ++bytes) {
      const std::size_t rounded = (bytes + (bytes == 0) + alignment - 1) / alignment * alignment;
      const bool pooled = alignment <= 4096 && rounded <= top;
      const pool_core* const c = pools.find_or_make(bytes, alignment);
      ASSERT_EQ(c != nullptr, pooled) << bytes << " bytes, alignment " << alignment;
      ASSERT_EQ(pools.find(bytes, alignment), c);
      const bool plain = alignment <= 16 && bytes != 0 && pooled;
      ASSERT_EQ(pools.is_plain(bytes, alignment), plain);
      if (plain) {
        ASSERT_EQ(&pools.plain(bytes), c);
      }
      const bool small = plain && bytes <= 2048;
      ASSERT_EQ(pools.is_small(bytes, alignment), small);
      if (small) {
        ASSERT_EQ(&pools.small(bytes), c);
      }
      if (pooled) expect_fits(*c, bytes, alignment);
    }
  }
}

TEST_P(BlockPools, never_look_behind_the_last_size_of_a_huge_request) {
  for (const std::size_t bytes : {~std::size_t{0}, ~std::size_t{0} - 4095, std::size_t{1} << 63}) {
    for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
      EXPECT_EQ(pools.find_or_make(bytes, alignment), nullptr);
      EXPECT_FALSE(pools.is_plain(bytes, alignment));
      EXPECT_FALSE(pools.is_small(bytes, alignment));
    }
  }
}

TEST_P(BlockPools, make_the_classes_of_an_alignment_when_it_is_first_asked_for) {
  const auto count = [this] {
    std::set<const pool_core*> all;
    pools.for_each([&](const pool_core& c) { all.insert(&c); });
    return all.size();
  };
  const std::size_t plain = count();
  EXPECT_EQ(pools.find(64, 64), nullptr);
  EXPECT_EQ(count(), plain);
  EXPECT_NE(pools.find_or_make(64, 64), nullptr);
  EXPECT_GT(count(), plain);
  EXPECT_EQ(pools.find(64, 128), nullptr);
  const std::size_t with_64 = count();
  EXPECT_EQ(pools.find_or_make(4096, 4096) != nullptr, bound >= 4096);
  EXPECT_EQ(count() > with_64, bound >= 4096);
}

INSTANTIATE_TEST_SUITE_P(, BlockPools, testing::Values(256, 257, 1000, 4096, 5000, 65536, largest));

}  // namespace
