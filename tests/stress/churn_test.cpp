// Threads that come and go leave nothing behind; many pools cost little.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <support/threads.hpp>
#include <support/token.hpp>

namespace {

using ebb::test::census;
using ebb::test::make_token;
using ebb::test::slowdown;
using ebb::test::token;

// Sanitizers keep freed memory, and shadows of it.
constexpr bool measures_memory = slowdown == 1;

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return -1;
}

// 10^6 threads take half a minute: EBB_CHURN_THREADS=1000000 stress_tests --gtest_filter=Churn.*
int churn_threads() {
  const char* const value = std::getenv("EBB_CHURN_THREADS");
  return value != nullptr ? std::atoi(value) : 100'000 / slowdown;
}

TEST(Churn, short_lived_threads_leave_nothing_behind) {
  census c;
  {
    ebb::object_pool<token> pool{make_token(c)};
    const auto wave = [&](int threads) {
      for (int i = 0; i < threads; i += 4) {
        std::vector<std::thread> some;
        for (int t = 0; t < 4; ++t) {
          some.emplace_back([&] {
            auto a = pool.get();
            auto b = pool.get();
            a->take();
            a->give();
          });
        }
        for (auto& t : some) t.join();
      }
    };
    wave(2000 / slowdown);
    const long before = resident_kib();
    const std::int64_t made = c.made;
    wave(churn_threads());
    EXPECT_LE(c.made, made + 64) << "objects of dead threads are found by the living";
    EXPECT_LE(c.alive(), 64);
    if (measures_memory) {
      EXPECT_LE(resident_kib(), before + 1024);
    }
  }
  EXPECT_EQ(c.alive(), 0);
}

TEST(ManyPools, ten_thousand_unused_pools_make_no_state_and_used_ones_are_collected_quickly) {
  constexpr int count = 10'000;
  const long before = resident_kib();
  std::vector<std::unique_ptr<ebb::object_pool<int>>> pools;
  for (int i = 0; i < count; ++i) pools.push_back(std::make_unique<ebb::object_pool<int>>());
  const long unused = resident_kib();
  if (measures_memory) {
    EXPECT_LE(unused - before, count * 512 / 1024) << "KiB for unused pools";
  }
  for (auto& p : pools) p->get().reset();
  ebb::collect();
  for (const auto& p : pools) EXPECT_EQ(p->stats().idle, 1u);
  ebb::collect();
  for (const auto& p : pools) EXPECT_EQ(p->stats().idle, 0u);
}

}  // namespace
