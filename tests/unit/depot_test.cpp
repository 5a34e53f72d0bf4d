#include <ebb/detail/depot.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "runtime.hpp"

namespace {

using namespace ebb::detail;

void* object(std::uintptr_t n) { return reinterpret_cast<void*>(n * 16); }

owned_magazine magazine_of(std::uintptr_t first, std::uint32_t count) {
  (void)this_runtime();
  owned_magazine m = owned_magazine::empty(magazines().acquire(0), max_capacity);
  for (std::uint32_t i = 0; i < count; ++i) m.add(object(first + i));
  return m;
}

TEST(Depot, gives_the_newest_magazine_first_with_everything_in_it) {
  depot d;
  EXPECT_FALSE(d.pop());
  for (std::uint32_t n = 1; n <= 62; ++n) d.push(magazine_of(n * 100, n));
  EXPECT_EQ(d.objects(), 62u * 63 / 2);
  for (std::uint32_t n = 62; n >= 1; --n) {
    owned_magazine m = d.pop();
    ASSERT_TRUE(m);
    ASSERT_EQ(m.count(), n);
    for (std::uint32_t i = n; i-- > 0;) EXPECT_EQ(m.take(), object(n * 100 + i));
    magazines().release(m.block, 0);
    EXPECT_EQ(d.objects(), n * (n - 1) / 2);
  }
  EXPECT_FALSE(d.pop());
}

TEST(Depot, a_magazine_that_was_parked_can_be_loaded_with_its_lowest_sentinel) {
  depot d;
  d.push(magazine_of(1, max_capacity));
  const owned_magazine m = d.pop();
  EXPECT_EQ(m.base, lowest_base);
  void** const top = loaded_magazine::top_of(m);
  EXPECT_EQ(*(top - max_capacity), nullptr);
  magazines().release(m.block, 0);
}

TEST(Depot, each_object_is_taken_exactly_once_by_8_threads_that_push_and_pop) {
  depot depots[3];
  constexpr std::uint32_t magazine_count = 64;
  constexpr std::uint32_t per_magazine = 5;
  for (std::uint32_t n = 0; n < magazine_count; ++n) {
    depots[n % 3].push(magazine_of(1 + n * per_magazine, per_magazine));
  }
  std::vector<std::atomic<int>> owners(magazine_count * per_magazine + 1);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      unsigned at = t;
      for (int n = 0; n < 50'000; ++n) {
        const owned_magazine m = depots[at++ % 3].pop();
        if (!m) continue;
        ASSERT_EQ(m.count(), per_magazine);
        for (std::uint32_t w = m.base + 1; w <= m.top; ++w) {
          ASSERT_EQ(owners[reinterpret_cast<std::uintptr_t>(m.block->word[w]) / 16].fetch_add(1), 0);
        }
        for (std::uint32_t w = m.base + 1; w <= m.top; ++w) {
          owners[reinterpret_cast<std::uintptr_t>(m.block->word[w]) / 16].fetch_sub(1);
        }
        depots[at++ % 3].push(m);
      }
    });
  }
  for (auto& t : threads) t.join();
  std::uint64_t objects = 0;
  std::uint64_t left = 0;
  for (depot& d : depots) {
    objects += d.objects();
    while (owned_magazine m = d.pop()) {
      left += m.count();
      magazines().release(m.block, 0);
    }
  }
  EXPECT_EQ(left, magazine_count * per_magazine);
  EXPECT_EQ(objects, left) << "the total on the head, after every race";
}

}  // namespace
