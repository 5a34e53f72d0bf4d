// Memory comes back after a burst: to upstream within two cycles, and from there to the kernel.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory_resource>
#include <string>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/pool_resource.hpp>
#include <support/counting_resource.hpp>
#include <support/resident.hpp>
#include <support/threads.hpp>

namespace {

using ebb::pool_resource;
using ebb::test::mebibyte;
using ebb::test::resident_bytes;

struct request {
  void* block;
  std::size_t bytes;
  std::size_t alignment;
};

// At least `total` bytes in blocks of mixed sizes and alignments; all of it is touched, and given back.
void burst(pool_resource& memory, std::size_t total, int seed) {
  ebb::test::dice d(seed);
  std::vector<request> requests;
  for (std::size_t sum = 0; sum < total; sum += requests.back().bytes) {
    const std::size_t bytes = 1 + d.roll(1u << d.roll(17));
    const std::size_t alignment = d.roll(10) == 0 ? std::size_t{32} << d.roll(8) : 8;
    requests.push_back({memory.allocate(bytes, alignment), bytes, alignment});
    std::memset(requests.back().block, 1, bytes);
  }
  for (const request& r : requests) memory.deallocate(r.block, r.bytes, r.alignment);
}

TEST(PoolResourceMemory, of_bursts_of_mixed_sizes_is_upstream_after_two_cycles) {
  ebb::test::counting_resource upstream;
  pool_resource memory(&upstream);
  void* const kept = memory.allocate(1000);
  for (int round = 0; round < 3; ++round) {
    std::thread other([&] { burst(memory, 4 * mebibyte, 100 + round); });
    burst(memory, 4 * mebibyte, round);
    other.join();
    EXPECT_GT(upstream.bytes(), 2 * mebibyte);
    ebb::collect();
    ebb::collect();
    EXPECT_EQ(upstream.blocks(), 1u);
    EXPECT_EQ(upstream.bytes(), 1024u);
    EXPECT_EQ(memory.idle_bytes(), 0u);
  }
  memory.deallocate(kept, 1000);
}

TEST(PoolResourceMemory, that_is_used_once_in_a_cycle_stays_in_the_pool) {
  ebb::test::counting_resource upstream;
  pool_resource memory(&upstream);
  for (int round = 0; round < 10; ++round) {
    memory.deallocate(memory.allocate(1000), 1000);
    ebb::collect();
  }
  EXPECT_EQ(upstream.allocations(), 1u);
}

TEST(PoolResourceMemory, of_a_burst_is_the_kernels_after_two_cycles) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers keep freed memory themselves";
  pool_resource memory;
  burst(memory, mebibyte, 0);  // what stays for good: tables, magazines
  ebb::collect();
  ebb::collect();
  const std::size_t before = resident_bytes();
  for (int round = 0; round < 3; ++round) {
    burst(memory, 100 * mebibyte, round);
    EXPECT_GT(resident_bytes(), before + 90 * mebibyte);
    ebb::collect();
    ebb::collect();
    EXPECT_LT(resident_bytes(), before + 10 * mebibyte);
  }
}

TEST(PoolResourceMemory, of_containers_that_grew_is_the_kernels_after_two_cycles) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers keep freed memory themselves";
  pool_resource memory;
  const std::size_t before = resident_bytes();
  {
    std::pmr::map<int, std::pmr::string> names(&memory);
    for (int i = 0; i < 300'000; ++i)
      names.emplace(i, "a string that is too long to be kept without memory");
  }
  EXPECT_GT(resident_bytes(), before + 40 * mebibyte);
  memory.release();
  EXPECT_LT(resident_bytes(), before + 10 * mebibyte);
}

}  // namespace
