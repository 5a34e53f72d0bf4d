// Memory of a calibrated_buffer_pool: it goes back to the system within two cycles, and where there is none
// nothing is lost.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cstdlib>
#include <new>
#include <vector>

#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/one_cpu.hpp>
#include <support/resident.hpp>
#include <support/threads.hpp>

namespace {

using ebb::calibrated_buffer_pool;
using ebb::pooled_buffer;
using ebb::test::mebibyte;
using ebb::test::resident_bytes;

// Holds 40 MiB (with a sanitizer, less) at once in buffers of mixed sizes, all written to; some grow piece
// by piece.
void burst(calibrated_buffer_pool& pool, int seed) {
  ebb::test::dice d(seed);
  std::vector<pooled_buffer> out;
  for (std::size_t bytes = 0; bytes < 40 * mebibyte / ebb::test::slowdown; bytes += out.back().capacity()) {
    out.push_back(pool.get());
    const std::size_t length = d.roll(1u << (8 + d.roll(13))) + 1;
    if (d.roll(10) == 0) out.back().resize(length / 3);
    out.back().resize(length);
    ebb::test::fill(ebb::test::all_of(out.back()), 1);
  }
}

TEST(CalibratedMemory, after_bursts_of_mixed_sizes_all_of_it_is_gone_within_two_cycles) {
  calibrated_buffer_pool pool;
  burst(pool, 0);  // what the library maps once
  ebb::collect();
  ebb::collect();
  const std::size_t start = resident_bytes();
  for (int round = 1; round <= 5; ++round) {
    burst(pool, round);
    const std::size_t high = resident_bytes();
    ebb::collect();
    EXPECT_GT(pool.stats().idle, 0u) << "not yet: they are victims";
    ebb::collect();
    EXPECT_EQ(pool.stats().idle, 0u);
    if (ebb::test::slowdown > 1) continue;  // sanitizers keep what is freed
    EXPECT_GE(high, start + 10 * mebibyte) << "or the next line says nothing";
    EXPECT_LE(resident_bytes(), start + 4 * mebibyte) << "round " << round;
  }
  EXPECT_EQ(pool.stats().made, pool.stats().destroyed());
}

TEST(CalibratedMemory, a_pool_that_dies_takes_all_of_it_along) {
  const auto live = [](int seed) {
    calibrated_buffer_pool pool;
    burst(pool, seed);
  };
  live(0);
  const std::size_t start = resident_bytes();
  for (int round = 1; round < 5; ++round) live(round);
  if (ebb::test::slowdown == 1) {
    EXPECT_LE(resident_bytes(), start + 4 * mebibyte);
  }
}

// Five small uses of each wear them out.
TEST(CalibratedMemory, giants_among_small_uses_do_not_stay_without_any_cycle) {
  const auto hold = [](calibrated_buffer_pool& pool, std::size_t bytes) {
    std::vector<pooled_buffer> some(8);
    for (pooled_buffer& b : some) {
      b = pool.get();
      b.resize(bytes);
      ebb::test::fill(b, bytes);
    }
  };
  const ebb::test::on_one_cpu pinned;
  calibrated_buffer_pool pool;
  hold(pool, 100);
  const std::size_t start = resident_bytes();
  hold(pool, 4 * mebibyte);
  const std::size_t high = resident_bytes();
  for (int i = 0; i < 5; ++i) hold(pool, 100);
  EXPECT_EQ(pool.stats().dropped_rejected, 8u);
  if (ebb::test::slowdown == 1) {
    EXPECT_GE(high, start + 30 * mebibyte);
    EXPECT_LE(resident_bytes(), start + mebibyte);
  }
}

[[noreturn]] void run_out_of_memory() {
  calibrated_buffer_pool pool;
  std::vector<pooled_buffer> some(1000);
  for (pooled_buffer& b : some) {
    b = pool.get();
    b.resize(100);
    ebb::test::fill(b, 3);
  }
  std::vector<pooled_buffer> idle(10);
  for (pooled_buffer& b : idle) {
    b = pool.get();
    b.append("idle");
  }
  idle.clear();
  const rlimit none{1, 1};  // no further mapping
  if (setrlimit(RLIMIT_AS, &none) != 0) std::_Exit(2);
  std::size_t failed = 0;
  for (pooled_buffer& b : some) {
    const std::byte* const data = b.data();
    try {
      b.resize(mebibyte);
    } catch (const std::bad_alloc&) {
      ++failed;
      if (b.data() != data || b.size() != 100 || b.capacity() != 128) std::_Exit(3);
    }
    if (ebb::test::intact({b.data(), 100}, 3) != 100) std::_Exit(4);
  }
  pooled_buffer fresh = pool.get();  // finds what is idle
  if (failed == 0 || fresh.capacity() != 64) std::_Exit(5);
  fresh.reset();
  const ebb::pool_stats before = pool.stats();
  try {
    fresh.resize(64 * mebibyte);  // takes what is idle, and cannot grow it
    std::_Exit(6);
  } catch (const std::bad_alloc&) {
    if (fresh.data() != nullptr || pool.stats().idle != before.idle) std::_Exit(7);
  }
  some.clear();
  const ebb::pool_stats s = pool.stats();
  if (s.in_use() != 0 || s.made != s.idle + s.destroyed()) std::_Exit(8);
  ebb::collect();
  ebb::collect();
  std::_Exit(pool.stats().idle == 0 ? 0 : 9);
}

TEST(CalibratedMemory, where_there_is_none_a_buffer_stays_as_it_was_and_nothing_is_lost) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers need address space themselves";
  EXPECT_EXIT(run_out_of_memory(), testing::ExitedWithCode(0), "");
}

}  // namespace
