// What vitess' own tests of bucketpool demand (go/bucketpool/bucketpool_test.go), case by case, and its
// rule for every size. Go's len and cap are size() and capacity().
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <support/buffers.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::buffer_pool;

struct VitessBucketpool : testing::Test {
  ebb::test::on_one_cpu pinned;
};

// bucketpool.New as it is written there; the sizes of its buckets.
std::vector<std::size_t> buckets(std::size_t min, std::size_t max) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = min; size < max; size *= 2) sizes.push_back(size);
  sizes.push_back(max);
  return sizes;
}

std::vector<std::size_t> tiers(const buffer_pool& pool) {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < pool.tier_count(); ++i) sizes.push_back(pool.tier_bytes(i));
  return sizes;
}

buffer_pool::options between(std::size_t min, std::size_t max) {
  return {.min_bytes = min, .max_bytes = max};
}

struct len_cap {
  std::size_t wanted;
  std::size_t capacity;
};
// As upstream: with a new buffer, and with one that was put before.
void check_len_cap(buffer_pool& pool, const std::vector<len_cap>& cases) {
  for (const auto& [wanted, capacity] : cases) {
    for (int again = 0; again < 2; ++again) {
      const ebb::pooled_buffer b = pool.get(wanted);
      EXPECT_EQ(b.size(), wanted);
      EXPECT_EQ(b.capacity(), capacity) << "of " << wanted;
    }
  }
}

TEST_F(VitessBucketpool, TestPool) {
  const std::size_t max = 16384;
  buffer_pool pool{between(1024, max)};
  EXPECT_EQ(tiers(pool), (std::vector<std::size_t>{1024, 2048, 4096, 8192, 16384}));
  check_len_cap(pool, {{64, 1024}, {128, 1024}, {1024, 1024}, {5000, 8192}, {16383, 16384}});
  EXPECT_EQ(pool.stats().made, 3u) << "1024 8192 16384, once each";
  EXPECT_EQ(pool.stats().idle, 3u);
  check_len_cap(pool, {{16385, 16385}, {1'000'000, 1'000'000}});
  EXPECT_EQ(pool.stats().made, 3u) << "what is larger than the last is not pooled";
  EXPECT_EQ(pool.stats().idle, 3u);
}

TEST_F(VitessBucketpool, TestPoolOneSize) {
  buffer_pool pool{between(1024, 1024)};
  EXPECT_EQ(tiers(pool), (std::vector<std::size_t>{1024}));
  check_len_cap(pool, {{64, 1024}, {1024, 1024}, {1025, 1025}});
  EXPECT_EQ(pool.stats().made, 1u);
}

TEST_F(VitessBucketpool, TestPoolTwoSizeNotMultiplier) {
  buffer_pool pool{between(1024, 2000)};
  EXPECT_EQ(tiers(pool), (std::vector<std::size_t>{1024, 2000}));
  check_len_cap(pool, {{64, 1024}, {1025, 2000}, {2000, 2000}, {2001, 2001}});
  EXPECT_EQ(pool.stats().made, 2u);
}

TEST_F(VitessBucketpool, a_maximum_below_the_minimum_is_refused_where_upstream_panics) {
  EXPECT_THROW(buffer_pool(between(15000, 1024)), std::invalid_argument);
}

TEST_F(VitessBucketpool, TestPoolWeirdMaxSize) {
  buffer_pool pool{between(1024, 15000)};
  EXPECT_EQ(tiers(pool), (std::vector<std::size_t>{1024, 2048, 4096, 8192, 15000}));
  check_len_cap(pool, {{14000, 15000}, {8193, 15000}, {15000, 15000}, {8192, 8192}, {16383, 16383}});
  EXPECT_EQ(pool.stats().made, 2u);
}

// Upstream's rule by itself: the smallest bucket that is not smaller, for every size there is.
TEST_F(VitessBucketpool, every_size_gets_the_smallest_bucket_it_fits_into) {
  const std::vector<std::pair<std::size_t, std::size_t>> bounds{
      {1024, 16384}, {1024, 2000}, {1024, 15000}, {1024, 1024}, {1, 1},       {1, 100},    {2, 16384},
      {3, 1000},     {600, 5000},  {1000, 8000},  {1023, 4092}, {1025, 4100}, {1025, 4101}};
  for (const auto& [min, max] : bounds) {
    const std::vector<std::size_t> sizes = buckets(min, max);
    buffer_pool pool{between(min, max)};
    ASSERT_EQ(tiers(pool), sizes);
    std::size_t bucket = 0;
    for (std::size_t n = 0; n <= max; ++n) {
      while (sizes[bucket] < n) ++bucket;
      ASSERT_EQ(pool.get(n).capacity(), sizes[bucket]) << n << " of " << min << " to " << max;
    }
    EXPECT_EQ(pool.get(max + 1).capacity(), max + 1);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      EXPECT_EQ(pool.tier_stats(i).made, 1u) << "one buffer served all of bucket " << sizes[i];
      EXPECT_EQ(pool.tier_stats(i).idle, 1u);
    }
  }
}

void check_against_loop(std::size_t min, std::size_t max, std::size_t n) {
  const std::vector<std::size_t> sizes = buckets(min, max);
  const auto bucket = std::find_if(sizes.begin(), sizes.end(), [&](std::size_t s) { return s >= n; });
  buffer_pool pool{between(min, max)};
  const ebb::pooled_buffer b = pool.get(n);
  ASSERT_EQ(b.size(), n);
  ASSERT_EQ(b.capacity(), bucket == sizes.end() ? n : *bucket) << n << " of " << min << " to " << max;
}

// Upstream: minSize is 1024, sizes and maxSize are below 16384.
TEST_F(VitessBucketpool, TestFuzz) {
  ebb::test::dice d(1);
  for (int i = 0; i < 20'000 / ebb::test::slowdown; ++i) {
    const std::size_t max = 1024 + d.roll(16384 - 1024);
    const std::size_t n = d.roll(16384);
    ASSERT_NO_FATAL_FAILURE(check_against_loop(1024, max, n));
  }
}

TEST_F(VitessBucketpool, fuzz_with_minima_of_all_kinds) {
  ebb::test::dice d(2);
  const std::vector<std::size_t> minima{1, 2, 3, 600, 1000, 1023, 1024, 1025};
  for (int i = 0; i < 20'000 / ebb::test::slowdown; ++i) {
    const std::size_t min = d.roll(4) == 0 ? 1 + d.roll(20'000) : minima[d.roll(8)];
    const std::size_t max = min + d.roll(d.roll(2) == 0 ? 20 : 30'000);
    const std::size_t n = d.roll(3) == 0 ? max - d.roll(2) : d.roll(33'000);
    ASSERT_NO_FATAL_FAILURE(check_against_loop(min, max, n));
  }
}

// Where it differs: upstream files a block by the size of bucket it would be *got* from, so that a get of
// 2000 may find the 1500 bytes in the bucket of 2048, and panics.
TEST_F(VitessBucketpool, trap_a_block_between_two_buckets_is_never_handed_out_for_the_larger_one) {
  buffer_pool pool{between(1024, 16384)};
  pool.put(ebb::test::own_memory(1500));
  EXPECT_EQ(pool.tier_stats(0).idle, 1u);
  EXPECT_EQ(pool.tier_stats(1).idle, 0u);
  ebb::pooled_buffer large = pool.get(2000);
  EXPECT_EQ(large.capacity(), 2048u);
  ebb::test::fill(ebb::test::all_of(large), 1);
  EXPECT_EQ(pool.stats().made, 1u) << "the one of 2048 is new";
  EXPECT_EQ(pool.tier_stats(0).idle, 1u);
  ebb::pooled_buffer small = pool.get(1024);
  EXPECT_EQ(small.capacity(), 1024u) << "what its tier promises, whatever it is";
  EXPECT_EQ(pool.stats().made, 1u) << "this is the one of 1500";
  ebb::test::fill(ebb::test::all_of(small), 2);
  EXPECT_EQ(ebb::test::intact(large, 1), 2000u);
}

TEST_F(VitessBucketpool, trap_a_block_below_the_smallest_bucket_is_freed) {
  buffer_pool pool{between(1024, 16384)};
  for (const std::size_t capacity : {1u, 1000u, 1023u}) pool.put(ebb::test::own_memory(capacity));
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.get(10).capacity(), 1024u);
  EXPECT_EQ(pool.stats().made, 1u);
}

TEST_F(VitessBucketpool, trap_a_buffer_that_its_user_grew_goes_back_to_the_bucket_it_has_now) {
  buffer_pool pool{between(1024, 16384)};
  {
    ebb::pooled_buffer b = pool.get(1000);
    b.resize(5000);
    EXPECT_EQ(pool.tier_stats(0).idle, 1u) << "the old block, at once";
    EXPECT_EQ(pool.stats().in_use(), 1u);
  }
  EXPECT_EQ(pool.tier_stats(0).idle, 1u);
  EXPECT_EQ(pool.tier_stats(3).idle, 1u) << "the new one, of 8192";
  EXPECT_EQ(pool.stats().idle, 2u);
  {
    ebb::pooled_buffer b = pool.get(1000);
    b.resize(20'000);  // out of the pool
  }
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(pool.stats().in_use(), 0u);
}

TEST_F(VitessBucketpool, trap_no_more_than_half_of_a_block_is_wasted_above_the_smallest_bucket) {
  for (const auto& [min, max] :
       {std::pair{1000u, 100'000u}, std::pair{1024u, 15000u}, std::pair{3u, 999u}}) {
    buffer_pool pool{between(min, max)};
    for (std::size_t n = min; n <= max; n += 1 + n / 500) ASSERT_LT(pool.get(n).capacity(), 2 * n);
  }
}

}  // namespace
