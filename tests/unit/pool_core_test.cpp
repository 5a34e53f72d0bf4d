// What the core does behind the public interface: capacity, stealing, victim, fences that fail.
#include <ebb/detail/pool_core.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/burst.hpp>
#include <support/one_cpu.hpp>
#include <support/token.hpp>

#include "pool_state.hpp"
#include "runtime.hpp"

namespace {

using namespace ebb::detail;
using ebb::test::burst_one_by_one;
using ebb::test::census;
using ebb::test::make_token;
using ebb::test::token;

// A magazine's capacity, seen from outside: how many objects a put can keep without touching the depot.
TEST(Capacity, a_pool_that_never_bursts_keeps_one_object_per_shard_out_of_reach) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  for (int i = 0; i < 4; ++i) pool.put(std::make_unique<token>(c));
  // Three of four are in the depot, so a thread that finds its own shard empty can steal them.
  burst_one_by_one(pool, 4);
  EXPECT_EQ(pool.stats().reused_depot + pool.stats().reused_stolen, 3u)
      << "one by one, in magazines of one";
}

TEST(Capacity, grows_with_bursts_to_full_magazines_and_shrinks_at_cycles) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  const auto refills = [&] {
    const ebb::pool_stats before = pool.stats();
    burst_one_by_one(pool, 620);
    const ebb::pool_stats after = pool.stats();
    return (after.reused_depot + after.reused_stolen) - (before.reused_depot + before.reused_stolen);
  };
  burst_one_by_one(pool, 620);
  const std::uint64_t small = refills();
  EXPECT_GT(small, 2u * 620 / max_capacity)
      << "the first burst was put away in magazines that grew from one";
  EXPECT_LE(refills(), 2u * 620 / max_capacity) << "the second one in full magazines";
  // Cycles without bursts: 62, 31, 15, 7, 3, 1.
  for (int i = 0; i < 8; ++i) {
    ebb::collect();
    pool.get().reset();
  }
  burst_one_by_one(pool, 620);
  EXPECT_EQ(refills(), small) << "small again";
}

TEST(Capacity, bursts_that_fit_into_a_magazine_stop_touching_the_depot) {
  const ebb::test::on_one_cpu here;
  for (const std::size_t size : {5u, 8u, 10u, 33u, max_capacity}) {
    census c;
    ebb::object_pool<token> pool{make_token(c)};
    for (int i = 0; i < 20; ++i) burst_one_by_one(pool, size);
    const std::uint64_t before = pool.stats().reused_depot;
    for (int i = 0; i < 100; ++i) burst_one_by_one(pool, size);
    // Not 0: this thread may have moved to another shard, which has to learn it too.
    EXPECT_LT(pool.stats().reused_depot - before, 25u) << "in 100 bursts of " << size;
  }
}

TEST(Capacity, grows_when_full_magazines_pile_up_though_nobody_gets) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  constexpr int count = 10'000;
  for (int i = 0; i < count; ++i) pool.put(std::make_unique<token>(c));
  for (int i = 0; i < count; ++i) ASSERT_TRUE(pool.try_get().detach());
  EXPECT_LE(pool.stats().reused_depot, 2u * count / max_capacity) << "gets that found a whole magazine";
}

TEST(Capacity, stays_below_max_loaded_however_the_pool_is_used) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .max_idle = 0, .max_loaded = 5}};
  for (int i = 0; i < 10; ++i) {
    burst_one_by_one(pool, 300);
    std::vector<ebb::pooled<token>> out(300);
    pool.get_n(out);
    pool.put_n(out);
    EXPECT_LE(pool.stats().idle, 5u) << "nothing may be parked, so this is what one shard has loaded";
  }
  ebb::object_pool<token> free{{.make = make_token(c), .max_loaded = 5}};
  for (int i = 0; i < 10; ++i) burst_one_by_one(free, 300);
  const std::uint64_t before = free.stats().reused_depot;
  burst_one_by_one(free, 300);
  EXPECT_GE(free.stats().reused_depot - before, 300u / 5 - 1) << "magazines of five";
}

TEST(Capacity, max_loaded_out_of_range_is_refused_with_value_and_range) {
  for (const std::uint32_t bad : {0u, 63u, 4'000'000'000u}) {
    try {
      ebb::object_pool<int> pool{{.name = "sized", .max_loaded = bad}};
      FAIL() << bad;
    } catch (const std::invalid_argument& e) {
      EXPECT_EQ(std::string(e.what()), "ebb::object_pool \"sized\": options.max_loaded is " +
                                           std::to_string(bad) + "; valid are 1 to 62");
    }
  }
}

struct AsAnyShard : testing::Test {
  void SetUp() override {
    if (percpu::has_rseq()) GTEST_SKIP() << "on the rseq path the kernel chooses the shard";
  }
  void TearDown() override { percpu::fallback::place = {}; }
  static void act_as(std::uint32_t id) { percpu::fallback::place = {id, percpu::fallback::never_look}; }
};

TEST_F(AsAnyShard, steals_from_the_next_shard_on_and_then_asks_the_victim) {
  const std::uint32_t n = this_runtime().shards;
  ASSERT_GE(n, 4u);
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  std::vector<ebb::pooled<token>> all(8);
  pool.get_n(all);  // ids 0 .. 7
  act_as(3);
  for (const std::size_t i : {0u, 1u}) all[i].reset();  // depot 3: 0; loaded: 1
  act_as(1);
  for (const std::size_t i : {2u, 3u}) all[i].reset();  // depot 1: 2; loaded: 3
  ebb::collect();                                       // all four are victims
  act_as(2);
  for (const std::size_t i : {4u, 5u}) all[i].reset();  // depot 2: 4; loaded: 5
  act_as(n - 1);
  for (const std::size_t i : {6u, 7u}) all[i].reset();  // depot n-1: 6; loaded: 7
  act_as(1);
  std::vector<ebb::pooled<token>> got;
  const auto next_id = [&] {
    got.push_back(pool.try_get());
    return got.back() ? got.back()->id() : -1;
  };
  EXPECT_EQ(next_id(), 4) << "from shard 2, the next one";
  EXPECT_EQ(next_id(), 6) << "then from shard n - 1";
  // The victim: own depot first (its loaded magazine was retired on top of it), then shard 3's.
  EXPECT_EQ(next_id(), 3);
  EXPECT_EQ(next_id(), 2);
  EXPECT_EQ(next_id(), 1);
  EXPECT_EQ(next_id(), 0);
  EXPECT_EQ(next_id(), -1)
      << "5 and 7 are loaded by their shards, out of thieves' reach, like Go's private";
  EXPECT_EQ(pool.stats().reused_stolen, 2u);
  EXPECT_EQ(pool.stats().reused_victim, 4u);
}

TEST_F(AsAnyShard, every_shard_works_and_conserves_objects) {
  census c;
  {
    ebb::object_pool<token> pool{make_token(c)};
    for (int round = 0; round < 5; ++round) {
      for (std::uint32_t id = 0; id < this_runtime().shards; ++id) {
        act_as(id);
        burst_one_by_one(pool, 150);
      }
      ebb::collect();
      const ebb::pool_stats s = pool.stats();
      EXPECT_EQ(s.made, s.idle + s.destroyed());
    }
  }
  EXPECT_EQ(c.alive(), 0);
}

struct FailingFence : testing::Test {
  void TearDown() override { fence_plan = 0; }
};

TEST_F(FailingFence, refused_fence_abandons_the_cycle_whole) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  burst_one_by_one(pool, 100);
  ebb::collect();
  std::vector<ebb::pooled<token>> out(20);
  pool.get_n(out);
  pool.put_n(out);  // 20 are local now, 80 the victim
  const auto before = ebb::runtime_info();
  for (int i = 0; i < 5; ++i) {
    fence_plan = 0b1;
    ebb::collect();
  }
  EXPECT_EQ(ebb::runtime_info().cycles, before.cycles);
  EXPECT_EQ(ebb::runtime_info().cycles_abandoned, before.cycles_abandoned + 5);
  EXPECT_EQ(c.destroyed, 0);
  EXPECT_EQ(pool.stats().idle, 100u);
  fence_plan = 0b10;  // it asks, and is refused all the same when it comes to it
  ebb::collect();
  EXPECT_EQ(ebb::runtime_info().cycles_abandoned, before.cycles_abandoned + 6);
  EXPECT_EQ(pool.stats().cycles, 1u);
  EXPECT_EQ(c.destroyed, 0);
  ebb::collect();
  EXPECT_EQ(c.destroyed, 80) << "nobody has aged meanwhile";
  ebb::collect();
  EXPECT_EQ(c.destroyed, 100);
}

TEST_F(FailingFence, banks_change_back_under_the_hands_of_users_and_nothing_is_lost) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  burst_one_by_one(pool, 100);
  bool asks_first = false;  // as the cycle after one that was abandoned does, before it changes anything
  for (int i = 0; i < 7; ++i) {
    std::atomic<bool> stop{false};
    std::thread user([&] {
      while (!stop) burst_one_by_one(pool, 10);
    });
    for (int n = 0; n < 200; ++n) {
      fence_plan = asks_first ? 0b10 : 0b1;
      asks_first = true;
      ebb::collect();
    }
    stop = true;
    user.join();
  }
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(static_cast<std::uint64_t>(c.alive()), s.idle);
  EXPECT_EQ(s.made, s.idle + s.destroyed());
  ebb::collect();
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(c.alive(), 0);
}

}  // namespace
