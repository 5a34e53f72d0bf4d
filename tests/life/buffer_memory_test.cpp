// After bursts, memory goes back to the system within two cycles.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/resident.hpp>
#include <support/threads.hpp>

namespace {

using ebb::test::mebibyte;
using ebb::test::resident_bytes;

// ThreadSanitizer looks at every byte that is written.
constexpr std::size_t burst_bytes = (ebb::test::under_tsan ? 12 : 40) * mebibyte;

// Buffers of mixed sizes, all written to; some grow.
std::vector<ebb::pooled_buffer> burst(ebb::buffer_pool& pool, int seed) {
  ebb::test::dice d(seed);
  std::vector<ebb::pooled_buffer> out;
  for (std::size_t bytes = 0; bytes < burst_bytes; bytes += out.back().capacity()) {
    out.push_back(pool.get(d.roll(1u << (8 + d.roll(13)))));
    if (d.roll(10) == 0) out.back().resize(out.back().capacity() + 1);
    ebb::test::fill(ebb::test::all_of(out.back()), 1);
  }
  return out;
}

TEST(BufferMemory, after_bursts_of_mixed_sizes_all_of_it_is_gone_within_two_cycles) {
  ebb::buffer_pool pool{{.min_bytes = 512, .max_bytes = 500'000}};
  burst(pool, 0).clear();  // what the library maps once
  ebb::collect();
  ebb::collect();
  const std::size_t start = resident_bytes();
  for (int round = 1; round <= 5; ++round) {
    burst(pool, round).clear();
    EXPECT_GE(pool.idle_bytes(), burst_bytes / 4);
    const std::size_t high = resident_bytes();
    ebb::collect();
    EXPECT_GE(pool.idle_bytes(), burst_bytes / 4) << "not yet: they are victims";
    ebb::collect();
    EXPECT_EQ(pool.stats().idle, 0u);
    EXPECT_EQ(pool.idle_bytes(), 0u);
    if (ebb::test::slowdown > 1) continue;  // sanitizers keep what is freed
    EXPECT_GE(high, start + burst_bytes / 4) << "or the next line says nothing";
    EXPECT_LE(resident_bytes(), start + 4 * mebibyte) << "round " << round;
  }
}

TEST(BufferMemory, put_by_many_threads_is_gone_within_two_cycles) {
  ebb::buffer_pool pool;
  const auto bursts = [&] {
    ebb::test::run_together(4, [&](int me) { burst(pool, me).clear(); });
    ebb::collect();
    ebb::collect();
  };
  bursts();
  const std::size_t start = resident_bytes();
  for (int round = 0; round < 3; ++round) bursts();
  EXPECT_EQ(pool.stats().idle, 0u);
  if (ebb::test::slowdown == 1) {
    EXPECT_LE(resident_bytes(), start + 8 * mebibyte);
  }
}

TEST(BufferMemory, a_pool_that_dies_takes_all_of_it_along) {
  burst(*std::make_unique<ebb::buffer_pool>(), 0).clear();
  const std::size_t start = resident_bytes();
  for (int round = 0; round < 5; ++round) {
    ebb::buffer_pool pool;
    burst(pool, round).clear();
  }
  if (ebb::test::slowdown == 1) {
    EXPECT_LE(resident_bytes(), start + 4 * mebibyte);
  }
}

// A buffer that cannot grow is as it was, and so are the books.
[[noreturn]] void run_out_of_memory() {
  ebb::buffer_pool pool{{.min_bytes = 64 * mebibyte, .max_bytes = 128 * mebibyte}};
  ebb::pooled_buffer b = pool.get(5);
  b[4] = std::byte{0x5a};
  const rlimit none{1, 1};  // no further mapping
  if (setrlimit(RLIMIT_AS, &none) != 0) std::_Exit(2);
  int refused = 0;
  try {
    (void)pool.get(100 * mebibyte);
  } catch (const std::bad_alloc&) {
    ++refused;
  }
  try {
    b.reserve(100 * mebibyte);
  } catch (const std::bad_alloc&) {
    ++refused;
  }
  if (refused != 2 || b.size() != 5 || b[4] != std::byte{0x5a}) std::_Exit(3);
  if (pool.stats().made != 1 || pool.stats().in_use() != 1) std::_Exit(4);
  b.reset();  // the first put of its tier: there is no memory to keep it in
  const ebb::pool_stats s = pool.stats();
  std::_Exit(s.idle + s.dropped_no_memory == 1 && s.in_use() == 0 ? 0 : 5);
}

TEST(BufferMemory, without_memory_get_and_growth_throw_and_put_drops) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers need address space themselves";
  EXPECT_EXIT(run_out_of_memory(), testing::ExitedWithCode(0), "");
}

}  // namespace
