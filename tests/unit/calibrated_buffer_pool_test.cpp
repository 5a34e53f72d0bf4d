#include <ebb/calibrated_buffer_pool.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::calibrated_buffer_pool;
using ebb::pooled_buffer;
using ebb::test::fill;
using ebb::test::intact;
using ebb::test::on_one_cpu;

constexpr std::size_t mebibyte = std::size_t{1024} * 1024;
constexpr int calibrating = 42001;

static_assert(!std::is_copy_constructible_v<calibrated_buffer_pool>);
static_assert(!std::is_move_constructible_v<calibrated_buffer_pool>);
static_assert(!std::is_convertible_v<calibrated_buffer_pool*, ebb::detail::buffer_owner*>);

// Gets, uses and puts, `times` times; all but the first of them meet the same buffer.
void use(calibrated_buffer_pool& pool, int times, std::size_t length) {
  for (int i = 0; i < times; ++i) pool.get().resize(length);
}

void expect_conserved(const calibrated_buffer_pool& pool, std::uint64_t in_use) {
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made, in_use + s.idle + s.destroyed() + s.detached);
}

TEST(CalibratedBufferPool, the_first_buffers_have_no_memory_until_they_are_written_to) {
  calibrated_buffer_pool pool;
  pooled_buffer b = pool.get();
  EXPECT_EQ(b.data(), nullptr);
  EXPECT_EQ(b.size() + b.capacity(), 0u);
  EXPECT_EQ(pool.stats().made, 0u);
  EXPECT_EQ(pool.stats().missed, 1u);
  b.append("text");
  EXPECT_EQ(b.view(), "text");
  EXPECT_EQ(pool.stats().made, 1u);
  EXPECT_EQ(pool.stats().missed, 1u);
  pool.get().reset();  // one that was never written to leaves nothing behind
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST(CalibratedBufferPool, capacities_are_powers_of_two_from_64_on) {
  calibrated_buffer_pool pool;
  const auto capacity_for = [&](std::size_t bytes) {
    pooled_buffer b = pool.get();
    b.reserve(bytes);
    const std::size_t capacity = b.capacity();
    (void)std::move(b).detach();  // so that each begins without memory
    return capacity;
  };
  EXPECT_EQ(capacity_for(1), 64u);
  EXPECT_EQ(capacity_for(64), 64u);
  EXPECT_EQ(capacity_for(65), 128u);
  EXPECT_EQ(capacity_for(1000), 1024u);
  EXPECT_EQ(capacity_for(10 * mebibyte), 16 * mebibyte);
  EXPECT_EQ(capacity_for(64 * mebibyte), 64 * mebibyte) << "beyond the largest class, too";
}

TEST(CalibratedBufferPool, a_buffer_comes_back_empty_with_its_capacity) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  for (const std::size_t bytes : {64u, 1024u, 4096u}) {
    pooled_buffer b = pool.get();
    b.resize(bytes);
    fill(b, bytes);
    const std::byte* const data = b.data();
    b.reset();
    b = pool.get();
    EXPECT_EQ(b.data(), data);
    EXPECT_EQ(b.capacity(), bytes);
    EXPECT_TRUE(b.empty());
  }
  EXPECT_EQ(pool.stats().made, 1u) << "it grew, and stayed one buffer";
  expect_conserved(pool, 0);
}

TEST(CalibratedBufferPool, contents_survive_growth_and_data_is_aligned_for_anything) {
  calibrated_buffer_pool pool;
  pooled_buffer b = pool.get();
  for (std::size_t bytes = 50; bytes < 4 * mebibyte; bytes *= 3) {
    b.resize(bytes);
    fill(b, 7);
    b.reserve(b.capacity() + 1);
    ASSERT_EQ(b.size(), bytes);
    ASSERT_EQ(intact(b, 7), bytes);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(b.data()) % alignof(std::max_align_t), 0u);
  }
  expect_conserved(pool, 1);
}

TEST(CalibratedBufferPool, appending_a_part_of_itself_while_it_grows_appends_what_was_there) {
  calibrated_buffer_pool pool;
  pooled_buffer b = pool.get();
  std::string content(64, 'a');
  content.back() = 'z';
  b.append(content);
  ASSERT_EQ(b.capacity(), b.size()) << "so that it grows";
  b.append(b.view().substr(60));
  b.append(b);
  EXPECT_EQ(b.size(), 136u);
  EXPECT_EQ(b.view().substr(62, 8), "azaaazaa");
  EXPECT_EQ(b.view().substr(132), "aaaz");
}

TEST(CalibratedBufferPool, detached_memory_outlives_the_pool) {
  ebb::detached_buffer own;
  {
    calibrated_buffer_pool pool;
    pooled_buffer b = pool.get();
    b.resize(1000);
    fill(b, 5);
    own = std::move(b).detach();
    EXPECT_EQ(b.capacity(), 0u);  // NOLINT(bugprone-use-after-move): what this test is about
    EXPECT_EQ(pool.stats().detached, 1u);
    expect_conserved(pool, 0);
  }
  EXPECT_EQ(own.size, 1000u);
  EXPECT_EQ(own.capacity, 1024u);
  EXPECT_EQ(intact({own.data.get(), own.size}, 5), own.size);
}

TEST(CalibratedBufferPool, what_was_moved_from_starts_again_with_memory_of_the_same_pool) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  pooled_buffer a = pool.get();
  a.append("first");
  pooled_buffer b = std::move(a);
  a.append("second");  // NOLINT(bugprone-use-after-move): what this test is about
  EXPECT_EQ(b.view(), "first");
  EXPECT_EQ(a.view(), "second");
  EXPECT_EQ(pool.stats().made, 2u);
  b.reset();
  a.reset();
  EXPECT_EQ(pool.stats().idle, 2u);
}

// Each reset puts a buffer; if writing did not take one, the pool would grow without bound.
TEST(CalibratedBufferPool, a_handle_that_is_reset_and_written_to_again_and_again_uses_one_buffer) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  pooled_buffer b = pool.get();
  for (std::size_t i = 1; i <= 1000; ++i) {
    b.resize(i * 4);  // what is idle is too small now and then
    EXPECT_GE(b.capacity(), i * 4);
    b.reset();
  }
  EXPECT_EQ(pool.stats().made, 1u);
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(CalibratedBufferPool, a_handle_that_starts_again_has_the_default_capacity_at_least) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  pooled_buffer small = pool.get();
  small.resize(64);
  use(pool, calibrating, 3000);
  pooled_buffer large = pool.get();
  small.reset();
  small.append("x");
  EXPECT_EQ(small.capacity(), 4096u) << "it found 64 idle bytes, and they grew";
  large = std::move(small);
  small.append("y");  // NOLINT(bugprone-use-after-move): what this test is about
  EXPECT_EQ(small.capacity(), 4096u) << "what large had";
  EXPECT_EQ(pool.stats().made, 2u);
  const pooled_buffer moved = std::move(small);
  small.append("z");  // NOLINT(bugprone-use-after-move): what this test is about
  EXPECT_EQ(small.capacity(), 4096u) << "new memory";
  EXPECT_EQ(pool.stats().made, 3u);
  EXPECT_EQ(pool.stats().dropped_rejected, 0u);
  expect_conserved(pool, 3);
}

TEST(CalibratedBufferPool, every_buffer_is_counted_once_whatever_becomes_of_it) {
  ebb::test::dice d(1);
  calibrated_buffer_pool pool{{.max_idle = 10}};
  std::vector<pooled_buffer> held(100);
  for (int i = 0; i < 100'000 / (ebb::test::slowdown > 1 ? 4 : 1); ++i) {
    pooled_buffer& b = held[d.roll(100)];
    switch (d.roll(8)) {
      case 0: b = pool.get(); break;
      case 1: b.reset(); break;
      case 2: (void)std::move(b).detach(); break;
      case 3: held[d.roll(100)] = std::move(b); break;
      default:
        if (b.data() == nullptr) b = pool.get();
        b.resize(d.roll(d.roll(20) == 0 ? 100'000 : 1000));
    }
    if (d.roll(2000) == 0) ebb::collect();
    if (d.roll(2000) == 0) held = std::vector<pooled_buffer>(100);
  }
  std::uint64_t in_use = 0;
  for (const pooled_buffer& b : held) in_use += b.data() != nullptr ? 1 : 0;
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made, in_use + s.idle + s.destroyed() + s.detached);
  EXPECT_EQ(s.in_use(), in_use);
  EXPECT_GT(s.dropped_over_budget, 0u);
  EXPECT_GT(s.detached, 0u);
}

TEST(CalibratedBufferPool, max_idle_is_kept) {
  for (const std::size_t max_idle : {0u, 1u, 50u}) {
    calibrated_buffer_pool pool{{.max_idle = max_idle}};
    std::vector<pooled_buffer> some(300);
    for (auto& b : some) {
      b = pool.get();
      b.append("x");
    }
    some.clear();
    EXPECT_LE(pool.stats().idle, max_idle);
    EXPECT_GE(pool.stats().dropped_over_budget, 300 - max_idle);
    expect_conserved(pool, 0);
  }
}

TEST(CalibratedBufferPool, max_loaded_out_of_range_is_refused_with_value_and_range) {
  for (const std::uint32_t bad : {0u, 63u, 4'000'000'000u}) {
    for (const std::size_t max_idle : {std::size_t{0}, std::size_t{10}, ebb::unlimited}) {
      try {
        calibrated_buffer_pool pool{{.max_idle = max_idle, .max_loaded = bad, .name = "sized"}};
        FAIL() << bad;
      } catch (const std::invalid_argument& e) {
        const std::string text = e.what();
        EXPECT_NE(
            text.find("\"sized\": options.max_loaded is " + std::to_string(bad) + "; valid are 1 to 62"),
            std::string::npos)
            << text;
      }
    }
  }
  EXPECT_EQ(calibrated_buffer_pool({.max_loaded = 62, .name = "most"}).name(), "most");
  EXPECT_EQ(calibrated_buffer_pool({.max_loaded = 1}).stats().idle, 0u);
}

TEST(CalibratedBufferPool, without_memory_growing_throws_and_leaves_everything_as_it_was) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers stop a program that asks for so much";
  const on_one_cpu pinned;
  constexpr std::size_t too_much = pooled_buffer::max_size();
  calibrated_buffer_pool pool;
  pooled_buffer b = pool.get();
  EXPECT_THROW(b.reserve(too_much), std::bad_alloc);
  EXPECT_EQ(b.data(), nullptr);
  EXPECT_EQ(pool.stats().made, 0u);
  b.append("as it was");
  const std::byte* const data = b.data();
  EXPECT_THROW(b.resize(too_much), std::bad_alloc);
  EXPECT_THROW((void)b.prepare(too_much - 9), std::bad_alloc);
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(b.view(), "as it was");
  EXPECT_EQ(b.capacity(), 64u);
  b.reset();
  EXPECT_THROW(b.reserve(too_much), std::bad_alloc);
  EXPECT_EQ(b.data(), nullptr);
  EXPECT_EQ(pool.stats().idle, 1u) << "what it would have started with is in the pool again";
  EXPECT_EQ(pool.get().data(), data);
  expect_conserved(pool, 0);
}

// --- after a calibration
// -----------------------------------------------------------------------------------

TEST(CalibratedBufferPool, new_buffers_have_the_default_capacity_and_larger_ones_than_the_maximum_go) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  use(pool, calibrating, 1000);
  EXPECT_EQ(pool.default_bytes(), 1024u);
  EXPECT_EQ(pool.max_bytes(), 1024u);
  pooled_buffer idle = pool.get();
  const std::byte* const data = idle.data();
  pooled_buffer made = pool.get();
  EXPECT_EQ(made.capacity(), 1024u);
  EXPECT_EQ(pool.stats().made, 2u);
  made.resize(1025);
  made.reset();
  EXPECT_EQ(pool.stats().dropped_rejected, 1u) << "2048 is above the maximum";
  idle.resize(1024);
  idle.reset();
  EXPECT_EQ(pool.stats().dropped_rejected, 1u) << "1024 is not";
  EXPECT_EQ(pool.get().data(), data);
  expect_conserved(pool, 0);
}

TEST(CalibratedBufferPool, a_larger_default_drops_smaller_buffers_when_they_are_found) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  pooled_buffer small = pool.get();
  small.resize(2000);
  use(pool, calibrating, 3000);
  small.reset();  // neither too large nor ill used
  EXPECT_EQ(pool.stats().idle, 2u);
  pooled_buffer b = pool.get();
  EXPECT_EQ(b.capacity(), 4096u);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  EXPECT_EQ(pool.stats().made, 3u);
  expect_conserved(pool, 1);
}

// --- buffers that are ill used
// -----------------------------------------------------------------------------

TEST(CalibratedBufferPool, one_giant_request_pins_its_memory_for_five_small_ones) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  use(pool, 1, 10 * mebibyte);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(pool.get().capacity(), 16 * mebibyte);
    EXPECT_EQ(pool.stats().dropped_rejected, 0u);
  }
  // Each of the four looked at it without using it.
  use(pool, 1, 50);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  EXPECT_EQ(pool.stats().idle, 0u);
  expect_conserved(pool, 0);
}

TEST(CalibratedBufferPool, the_next_one_that_is_made_fits_the_last_use_of_the_one_that_went) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  use(pool, 1, mebibyte);
  use(pool, 4, 10);
  use(pool, 1, 5000);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  pooled_buffer b = pool.get();
  EXPECT_EQ(b.capacity(), 8192u);
  EXPECT_EQ(pool.stats().made, 2u);
  EXPECT_EQ(pool.get().capacity(), 0u) << "said once";
}

TEST(CalibratedBufferPool, what_is_made_next_is_never_below_the_default_nor_above_the_maximum) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  pooled_buffer good = pool.get();
  good.resize(1000);
  use(pool, 1, mebibyte);
  use(pool, 5, 50'000);  // says: 65536
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  good.reset();
  use(pool, calibrating, 1000);
  EXPECT_EQ(pool.max_bytes(), 1024u);
  good = pool.get();
  EXPECT_EQ(pool.get().capacity(), 1024u) << "not what was said before the calibration";

  calibrated_buffer_pool large;
  use(large, calibrating, 30'000);
  use(large, 5, 10);  // says: 64
  EXPECT_EQ(large.stats().dropped_rejected, 1u);
  EXPECT_EQ(large.get().capacity(), 32768u);
}

TEST(CalibratedBufferPool, a_buffer_takes_its_strikes_along_when_it_grows) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  use(pool, 1, 8192);
  use(pool, 4, 10);
  pooled_buffer b = pool.get();
  b.reserve(mebibyte);
  b.append("10 bytes");
  b.reset();
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST(CalibratedBufferPool, one_good_use_in_five_keeps_a_large_buffer) {
  const on_one_cpu pinned;
  calibrated_buffer_pool pool;
  use(pool, 1, 65536);
  for (int i = 0; i < 100; ++i) {
    use(pool, 4, 10);
    use(pool, 1, 16384);
  }
  EXPECT_EQ(pool.stats().dropped_rejected, 0u);
  EXPECT_EQ(pool.get().capacity(), 65536u);
}

}  // namespace
