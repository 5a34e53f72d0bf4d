// Every object has one owner at a time and ends exactly once, whatever threads, CPUs and cycles do.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/threads.hpp>
#include <support/token.hpp>

namespace {

using ebb::test::census;
using ebb::test::dice;
using ebb::test::make_token;
using ebb::test::run_on_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;
using ebb::test::token;

void expect_conserved(const ebb::object_pool<token>& pool, const census& c) {
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(static_cast<std::uint64_t>(c.alive()), s.idle);
  EXPECT_EQ(s.made, s.idle + s.destroyed());
  EXPECT_EQ(s.made, static_cast<std::uint64_t>(c.made));
}

struct Conservation : testing::TestWithParam<int> {};

TEST_P(Conservation, threads_that_hop_cpus_while_cycles_run) {
  const int threads = GetParam();
  census c;
  {
    ebb::object_pool<token> pool{make_token(c)};
    std::atomic<int> working{threads};
    run_together(threads + 1, [&](int me) {
      if (me == threads) {
        while (working > 0) ebb::collect();
        return;
      }
      dice d(me);
      std::vector<ebb::pooled<token>> held;
      const auto let_go = [&](std::size_t n) {
        for (; n > 0 && !held.empty(); --n) {
          held.back()->give();
          held.pop_back();
        }
      };
      const int operations = 6'000'000 / threads / slowdown;
      for (int i = 0; i < operations; ++i) {
        if (d.roll(2000) == 0) run_on_cpu(static_cast<int>(d.roll(64)));
        if (d.roll(500) == 0) std::this_thread::yield();
        const std::uint32_t limit = d.roll(300) == 0 ? 400 : 8;  // now and then a burst
        const bool bulk = d.roll(50) == 0;
        if (bulk) {
          std::vector<ebb::pooled<token>> some(d.roll(limit) + 1);
          pool.get_n(some);
          for (auto& h : some) h->take();
          for (auto& h : some) h->give();
          pool.put_n(some);
        } else if (held.size() < limit && d.roll(2) == 0) {
          held.push_back(pool.get());
          held.back()->take();
        } else {
          let_go(d.roll(4) == 0 ? held.size() : 1);
        }
      }
      let_go(held.size());
      --working;
    });
    expect_conserved(pool, c);
  }
  EXPECT_EQ(c.alive(), 0);
}
INSTANTIATE_TEST_SUITE_P(, Conservation, testing::Values(2, 3, 8, 32));

TEST(FirstPut, raced_by_many_threads_makes_one_state_and_loses_nothing) {
  constexpr int threads = 8;
  for (int round = 0; round < 300 / slowdown; ++round) {
    census c;
    {
      ebb::object_pool<token> pool{make_token(c)};
      run_together(threads, [&](int me) {
        pool.put(std::make_unique<token>(c));
        if (me % 3 == 0) ebb::collect();
      });
      EXPECT_EQ(c.destroyed + static_cast<std::int64_t>(pool.stats().idle), threads);
    }
    EXPECT_EQ(c.alive(), 0);
  }
}

TEST(MaxIdle, is_kept_by_16_threads_with_bursts_while_cycles_run) {
  constexpr int threads = 16;
  constexpr std::size_t max_idle = 500;
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .max_idle = max_idle}};
  std::atomic<int> working{threads};
  run_together(threads + 1, [&](int me) {
    if (me == threads) {
      while (working > 0) {
        ebb::collect();
        std::this_thread::yield();
      }
      return;
    }
    for (int i = 0; i < 200 / slowdown; ++i) {
      std::vector<ebb::pooled<token>> burst(1000);
      pool.get_n(burst);
    }
    --working;
  });
  expect_conserved(pool, c);
  EXPECT_GT(pool.stats().dropped_over_budget, 0u);
  EXPECT_LE(pool.stats().idle, max_idle);
  ebb::collect();
  EXPECT_LE(pool.stats().idle, max_idle);
}

// Pools come and go while cycles walk over them.
TEST(Lifetime, pools_are_made_and_destroyed_while_cycles_run) {
  census c;
  std::atomic<int> working{4};
  run_together(6, [&](int me) {
    if (me >= 4) {
      while (working > 0) ebb::collect();
      return;
    }
    for (int i = 0; i < 2000 / slowdown; ++i) {
      ebb::object_pool<token> pool{make_token(c)};
      std::vector<ebb::pooled<token>> some(20);
      pool.get_n(some);
    }
    --working;
  });
  EXPECT_EQ(c.alive(), 0);
}

}  // namespace
