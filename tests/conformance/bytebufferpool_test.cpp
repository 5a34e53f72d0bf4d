// What valyala/bytebufferpool does (pool.go, pool_test.go), case by case, and where this library means to
// be better: each of its known weaknesses by name.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/detail/calibration.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::detail::calibration;
using ebb::test::dice;
using ebb::test::on_one_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;

constexpr std::size_t threshold = 42000;
constexpr std::size_t steps = 20;

TEST(ByteBufferPool, TestIndex) {
  const std::vector<std::pair<std::size_t, std::size_t>> table{
      {0, 0},    {1, 0},    {63, 0},   {64, 0},        {65, 1},       {127, 1},
      {128, 1},  {129, 2},  {1004, 4}, {1024, 4},      {1025, 5},     {2048, 5},
      {2049, 6}, {4096, 6}, {4097, 7}, {1u << 25, 19}, {SIZE_MAX, 19}};
  for (const auto& [length, index] : table) EXPECT_EQ(calibration::class_of(length), index) << length;
  for (std::size_t i = 0; i <= 40; ++i) {
    const std::size_t length = std::size_t{1} << i;
    const std::size_t at = i <= 6 ? 0 : i - 6 < steps - 1 ? i - 6 : steps - 1;
    const std::size_t above = i < 6 ? 0 : at + 1 < steps - 1 ? at + 1 : steps - 1;
    EXPECT_EQ(calibration::class_of(length), at) << "2^" << i;
    EXPECT_EQ(calibration::class_of(length - 1), i == 7 ? 1 : at) << "2^" << i << " - 1";
    EXPECT_EQ(calibration::class_of(length + 1), above) << "2^" << i << " + 1";
  }
  for (std::size_t c = 0; c < steps; ++c) {
    EXPECT_EQ(calibration::bytes_of(c), std::size_t{64} << c);
    EXPECT_EQ(calibration::class_of(calibration::bytes_of(c)), c);
  }
}

// Counts of classes, and what calibrate() makes of them.
struct vector {
  std::vector<std::pair<std::size_t, std::uint64_t>> calls;
  std::size_t default_bytes;
  std::size_t max_bytes;
};

calibration::sizes sizes_for(const vector& v) {
  calibration::histogram h{};
  for (const auto& [c, n] : v.calls) h[c] = n;
  return calibration::sizes_for(h);
}

// The first class of each is the one that passes the threshold.
const std::vector<vector> by_puts{
    {{{4, 42001}}, 1024, 1024},
    {{{4, 42001}, {8, 2210}}, 1024, 1024},   // 95 % are 42,000: class 4 is enough
    {{{4, 42001}, {8, 2211}}, 1024, 16384},  // 95 % are 42,001: not exceeded
    {{{0, 42001}, {4, 20000}, {10, 20000}}, 64, 65536},
    {{{4, 42001}, {5, 2210}, {19, 1}}, 1024, 2048},
    {{{10, 42001}, {2, 42000}}, 65536, 65536},  // the largest is the default itself
};

TEST(ByteBufferPool, calibrates_the_published_histograms_to_the_published_sizes) {
  std::vector<vector> all = by_puts;
  all.push_back({{{4, 38000}, {5, 2000}, {19, 1}}, 1024, 2048});
  all.push_back({{{19, 42001}}, 1u << 25, 1u << 25});
  for (const vector& v : all) {
    EXPECT_EQ(sizes_for(v).default_bytes, v.default_bytes);
    EXPECT_EQ(sizes_for(v).max_bytes, v.max_bytes);
  }
}

// Go's sort is unstable and leaves them to chance.
TEST(ByteBufferPool, of_equally_frequent_classes_the_smaller_comes_first) {
  EXPECT_EQ(sizes_for({{{9, 100}, {3, 100}, {15, 100}}, 0, 0}).default_bytes, 512u);
  EXPECT_EQ(sizes_for({{{9, 100}, {3, 100}, {15, 100}}, 0, 0}).max_bytes, 64u << 15);
  EXPECT_EQ(sizes_for({{{18, 1}, {19, 1}}, 0, 0}).default_bytes, 64u << 18);
  // Where 95 % are passed by the first of two.
  EXPECT_EQ(sizes_for({{{4, 42001}, {9, 1106}, {5, 1106}}, 0, 0}).max_bytes, 2048u);
  EXPECT_EQ(sizes_for({{{4, 42001}, {2, 1106}, {5, 1106}}, 0, 0}).max_bytes, 1024u);
}

std::size_t length_in(std::size_t c) { return std::size_t{50} << c; }

// Gets, uses and puts `count` buffers.
void use(ebb::calibrated_buffer_pool& pool, std::uint64_t count, std::size_t length) {
  for (; count > 0; --count) pool.get().resize(length);
}

TEST(ByteBufferPool, puts_calibrate_exactly_when_42001_of_one_class_came_back) {
  for (const vector& v : by_puts) {
    ebb::calibrated_buffer_pool pool;
    for (std::size_t i = 1; i < v.calls.size(); ++i)
      use(pool, v.calls[i].second, length_in(v.calls[i].first));
    const std::size_t length = length_in(v.calls[0].first);
    use(pool, threshold - 200, length);
    for (int i = 0; i < 200; ++i) {
      use(pool, 1, length);
      ASSERT_EQ(pool.default_bytes(), 0u) << 200 - i << " before the last one";
      ASSERT_EQ(pool.max_bytes(), 0u);
    }
    use(pool, 1, length);
    EXPECT_EQ(pool.default_bytes(), v.default_bytes);
    EXPECT_EQ(pool.max_bytes(), v.max_bytes);
  }
}

TEST(ByteBufferPool, each_calibration_starts_with_an_empty_histogram) {
  ebb::calibrated_buffer_pool pool;
  use(pool, threshold, length_in(8));
  use(pool, threshold + 1, length_in(4));
  EXPECT_EQ(pool.default_bytes(), 1024u);
  EXPECT_EQ(pool.max_bytes(), 16384u);
  use(pool, threshold, length_in(8));  // were the old ones left, the first would calibrate
  EXPECT_EQ(pool.default_bytes(), 1024u);
  EXPECT_EQ(pool.max_bytes(), 16384u);
  use(pool, 1, length_in(8));
  EXPECT_EQ(pool.default_bytes(), 16384u);
  EXPECT_EQ(pool.max_bytes(), 16384u);
  use(pool, threshold, length_in(4));
  EXPECT_EQ(pool.default_bytes(), 16384u);
  use(pool, 1, length_in(4));
  EXPECT_EQ(pool.default_bytes(), 1024u);
  EXPECT_EQ(pool.max_bytes(), 1024u);
}

TEST(ByteBufferPool, before_the_first_calibration_sizes_are_0_and_nothing_is_dropped_for_its_size) {
  ebb::calibrated_buffer_pool pool;
  EXPECT_EQ(pool.default_bytes(), 0u);
  EXPECT_EQ(pool.max_bytes(), 0u);
  EXPECT_EQ(pool.get().capacity(), 0u);
  std::vector<ebb::pooled_buffer> some;
  for (std::size_t c = 0; c < 21; ++c) {  // to 64 MiB
    some.push_back(pool.get());
    some.back().resize(std::size_t{64} << c);
  }
  some.clear();
  EXPECT_EQ(pool.stats().idle, 21u);
  EXPECT_EQ(pool.stats().destroyed(), 0u);
}

// --- upstream's own tests
// ----------------------------------------------------------------------------------

void get_put(ebb::calibrated_buffer_pool& pool, std::size_t n) {
  const std::size_t default_bytes = pool.default_bytes();
  ebb::pooled_buffer b = pool.get();
  ASSERT_EQ(b.size(), 0u);
  ASSERT_GE(b.capacity(), default_bytes);
  b.resize(n);
  ASSERT_GE(b.capacity(), n);
  if (n != 0) b[0] = b[n - 1] = std::byte{1};
}

void various_sizes(ebb::calibrated_buffer_pool& pool) {
  for (std::size_t i = 0; i < steps + 1; ++i) {
    const std::size_t n = std::size_t{1} << i;
    get_put(pool, n);
    get_put(pool, n + 1);
    get_put(pool, n - 1);
    for (std::size_t j = 0; j < 10; ++j) get_put(pool, j + n);
  }
}

TEST(ByteBufferPool, TestPoolVariousSizesSerial) {
  ebb::calibrated_buffer_pool pool;
  various_sizes(pool);
  EXPECT_EQ(pool.stats().made, pool.stats().idle + pool.stats().destroyed());
}

TEST(ByteBufferPool, TestPoolVariousSizesConcurrent) {
  ebb::calibrated_buffer_pool pool;
  run_together(5, [&](int) { various_sizes(pool); });
  EXPECT_EQ(pool.stats().made, pool.stats().idle + pool.stats().destroyed());
  EXPECT_EQ(pool.default_bytes(), 0u);
}

// Upstream only demands that it ends. 93.6 % of these lengths are in class 4, 3.1 % in class 8.
TEST(ByteBufferPool, TestPoolCalibrate) {
  ebb::calibrated_buffer_pool pool;
  dice d(7);
  const std::size_t puts = steps / (slowdown > 4 ? 4 : 1) * threshold;
  for (std::size_t i = 0; i < puts; ++i) get_put(pool, i % 15 == 0 ? d.roll(15234) : 1004);
  EXPECT_EQ(pool.default_bytes(), 1024u);
  EXPECT_EQ(pool.max_bytes(), 16384u);
  EXPECT_EQ(pool.stats().made, pool.stats().idle + pool.stats().destroyed());
}

// --- its known weaknesses
// ----------------------------------------------------------------------------------

// 1. Two puts see the threshold passed; the second calibrates a histogram of almost nothing.
TEST(ByteBufferPoolWeakness, no_second_calibration_from_a_handful_of_samples) {
  constexpr int threads = 8;
  for (int round = 0; round < 60 / slowdown + 1; ++round) {
    ebb::calibrated_buffer_pool pool;
    use(pool, 3000, length_in(8));
    use(pool, threshold - 4, length_in(4));
    run_together(threads, [&](int me) {
      for (int i = 0; i < 20; ++i) {
        use(pool, 1, length_in(me == 0 && i % 5 == 0 ? 0 : 4));
        const std::size_t now = pool.default_bytes();
        ASSERT_TRUE(now == 0 || now == 1024) << now;
      }
    });
    ASSERT_EQ(pool.default_bytes(), 1024u);
    ASSERT_EQ(pool.max_bytes(), 16384u) << "which only the full histogram says";
  }
}

// 2. Sizes are learned from lengths and judged by capacity, so what append() made too large is never kept.
TEST(ByteBufferPoolWeakness, a_correct_size_is_never_too_large_a_capacity) {
  ebb::calibrated_buffer_pool pool;
  const auto append_1000 = [&] {
    ebb::pooled_buffer b = pool.get();
    for (int i = 0; i < 40; ++i) b.append(std::string(25, 'x'));  // 64, 128 ... 1024
    ASSERT_EQ(b.size(), 1000u);
    ASSERT_EQ(b.capacity(), 1024u);
  };
  for (std::size_t i = 0; i <= threshold; ++i) append_1000();
  ASSERT_EQ(pool.max_bytes(), 1024u);
  for (int i = 0; i < 1000; ++i) append_1000();
  EXPECT_EQ(pool.stats().dropped_rejected, 0u);
  EXPECT_EQ(pool.stats().made, pool.stats().idle);
}

// 3. Buffers that were not used count as small ones.
TEST(ByteBufferPoolWeakness, empty_puts_do_not_pull_the_default_to_64) {
  ebb::calibrated_buffer_pool pool;
  use(pool, threshold, 1000);
  use(pool, 2 * threshold, 0);
  EXPECT_EQ(pool.default_bytes(), 0u) << "they do not calibrate";
  use(pool, 1, 1000);
  EXPECT_EQ(pool.default_bytes(), 1024u);
  EXPECT_EQ(pool.max_bytes(), 1024u);
}

// 4. What is too small stays in the pool and is handed out again and again.
TEST(ByteBufferPoolWeakness, undersized_buffers_are_not_handed_out_and_go_away) {
  const on_one_cpu pinned;  // a buffer loaded on another one cannot be reached
  ebb::calibrated_buffer_pool pool;
  std::vector<ebb::pooled_buffer> small(500);
  for (auto& b : small) {
    b = pool.get();
    b.resize(40);
  }
  for (std::size_t i = 0; i <= threshold; ++i) {
    ebb::pooled_buffer b = pool.get();
    b.resize(1000);
  }
  small.clear();
  const std::uint64_t rejected = pool.stats().dropped_rejected;
  std::vector<ebb::pooled_buffer> all(1000);
  for (auto& b : all) {
    b = pool.get();
    ASSERT_EQ(b.capacity(), 1024u);
  }
  EXPECT_EQ(pool.stats().dropped_rejected - rejected, 500u);
  EXPECT_EQ(pool.stats().idle, 0u);
}

// 5. Until the first calibration nothing is dropped.
TEST(ByteBufferPoolWeakness, a_giant_goes_away_before_the_first_calibration) {
  const on_one_cpu pinned;  // a buffer loaded on another one cannot be reached
  ebb::calibrated_buffer_pool pool;
  use(pool, 1, std::size_t{10} * 1024 * 1024);
  use(pool, 100, 50);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  EXPECT_EQ(pool.get().capacity(), 64u);
}

}  // namespace
