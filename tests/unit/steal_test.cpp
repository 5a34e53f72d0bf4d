#include <ebb/steal.hpp>

#include <gtest/gtest.h>

#include <sched.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <support/threads.hpp>
#include <support/token.hpp>

#include "pool_state.hpp"
#include "runtime.hpp"

namespace {

using namespace ebb::detail;
using ebb::steal;
using ebb::test::census;
using ebb::test::make_token;
using ebb::test::token;

// A machine with two nodes: shards 0 and 2 and so on near the first, the others near the second.
std::uint32_t node_of_shard() noexcept { return percpu::fallback::place.id % 2; }

struct Stealing : testing::Test {
  void SetUp() override {
    if (percpu::has_rseq()) GTEST_SKIP() << "on the rseq path the kernel chooses the shard";
    ASSERT_GE(this_runtime().shards, 4u);
    before = current_node.exchange(node_of_shard);
  }
  void TearDown() override {
    percpu::fallback::place = {};
    if (before != nullptr) current_node = before;
  }
  static void act_as(std::uint32_t id) { percpu::fallback::place = {id, percpu::fallback::never_look}; }

  // Objects with the ids `shard * 10` in the depot of each shard in turn; another one is loaded there.
  static void spread(ebb::object_pool<token>& pool, census& c, const std::vector<std::uint32_t>& over) {
    std::vector<ebb::pooled<token>> parked(over.size());
    std::vector<ebb::pooled<token>> loaded(over.size());
    pool.get_n(parked);
    pool.get_n(loaded);
    for (std::size_t i = 0; i < over.size(); ++i) {
      act_as(over[i]);
      parked[i].reset();
      loaded[i].reset();
    }
    ASSERT_EQ(static_cast<std::uint64_t>(c.alive()), pool.stats().idle);
  }
  // The ids of all that can be had on a shard, in order.
  static std::vector<std::int64_t> all_on(ebb::object_pool<token>& pool, std::uint32_t id) {
    act_as(id);
    std::vector<std::int64_t> ids;
    std::vector<ebb::pooled<token>> got;
    for (auto h = pool.try_get(); h; h = pool.try_get()) {
      ids.push_back(h->id());
      got.push_back(std::move(h));
    }
    for (auto& h : got) (void)std::move(h).detach();
    return ids;
  }

  std::uint32_t (*before)() noexcept = nullptr;
};
using ids = std::vector<std::int64_t>;

TEST_F(Stealing, all_takes_from_the_next_shard_on) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c)}};
  spread(pool, c, {0, 1, 2, 3});
  EXPECT_EQ(all_on(pool, 1), (ids{5, 1, 2, 3, 0})) << "its own, and then shards 2, 3 and 0";
  EXPECT_EQ(pool.stats().reused_stolen, 3u);
}

TEST_F(Stealing, same_node_first_takes_from_all_shards_of_the_node_before_any_other) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .stealing = steal::same_node_first}};
  spread(pool, c, {0, 1, 2, 3});
  EXPECT_EQ(all_on(pool, 1), (ids{5, 1, 3, 2, 0})) << "its own, shard 3 of its node, then 2 and 0";
  EXPECT_EQ(pool.stats().reused_stolen, 3u);
}

TEST_F(Stealing, same_node_first_goes_by_who_put_there_last) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .stealing = steal::same_node_first}};
  spread(pool, c, {0, 1, 2, 3});
  current_node = []() noexcept -> std::uint32_t { return percpu::fallback::place.id % 2 == 0 ? 1 : 0; };
  // Shard 0 was put into from node 1 now, shard 1 from node 0, and shard 2 before from node 0, too, where
  // shard 3 is.
  for (const std::uint32_t shard : {0u, 1u}) {
    act_as(shard);
    for (int i = 0; i < 2; ++i) pool.put(std::make_unique<token>(c));
  }
  ids got = all_on(pool, 3);
  ASSERT_GE(got.size(), 6u);
  EXPECT_EQ(got[4], 1) << "after its own two and the new ones of shard 1, what lay there first";
  EXPECT_EQ(got[5], 2) << "and the one of shard 2, though shard 0 is the next one";
}

TEST_F(Stealing, same_node_first_searches_the_victim_in_the_same_order) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .stealing = steal::same_node_first}};
  spread(pool, c, {0, 1, 2, 3});
  ebb::collect();
  const ids got = all_on(pool, 1);
  EXPECT_EQ(got, (ids{5, 1, 7, 3, 6, 2, 4, 0}));
  EXPECT_EQ(pool.stats().reused_victim, 8u);
}

TEST_F(Stealing, none_takes_neither_from_other_shards_nor_from_what_they_left_to_the_victim) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .stealing = steal::none}};
  spread(pool, c, {0, 1, 2, 3});
  EXPECT_EQ(all_on(pool, 1), (ids{5, 1}));
  ebb::collect();
  EXPECT_EQ(all_on(pool, 2), (ids{6, 2})) << "its own part of the victim";
  EXPECT_EQ(all_on(pool, 1), ids{});
  // That shard 1 found nothing does not hide from the others what is theirs.
  EXPECT_EQ(all_on(pool, 3), (ids{7, 3}));
  EXPECT_EQ(pool.stats().reused_stolen, 0u);
  EXPECT_EQ(pool.stats().idle, 2u);
  ebb::collect();
  EXPECT_EQ(pool.stats().dropped_aged, 2u) << "what nobody may take ages";
}

TEST_F(Stealing, none_still_makes_room_under_a_bound_by_what_others_left) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .max_idle = 8, .stealing = steal::none}};
  spread(pool, c, {0, 2});
  spread(pool, c, {0, 2});
  ebb::collect();
  act_as(1);
  for (int i = 0; i < 8; ++i) pool.put(std::make_unique<token>(c));
  EXPECT_EQ(pool.stats().idle, 8u);
  EXPECT_EQ(pool.stats().dropped_over_budget, static_cast<std::uint64_t>(c.destroyed));
  EXPECT_EQ(all_on(pool, 1).size(), 8u) << "all of the new ones stayed";
}

// On every path: the kernel moves threads, and only objects of the own shard are reused.
TEST(StealingNone, never_steals_however_threads_hop) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .stealing = steal::none}};
  ebb::test::run_together(4, [&](int me) {
    ebb::test::dice d(me);
    for (int i = 0; i < 20'000 / ebb::test::slowdown; ++i) {
      if (d.roll(50) == 0) ebb::test::run_on_cpu(static_cast<int>(d.roll(64)));
      if (me == 0 && d.roll(500) == 0) ebb::collect();
      std::vector<ebb::pooled<token>> some(d.roll(20) + 1);
      pool.get_n(some);
      for (auto& h : some) h->take();
      for (auto& h : some) h->give();
    }
  });
  EXPECT_EQ(pool.stats().reused_stolen, 0u);
  EXPECT_EQ(pool.stats().in_use(), 0u);
}

TEST(StealingNone, the_kernel_says_on_which_node_this_thread_is) {
  for (int cpu = 0; cpu < 2; ++cpu) {
    ebb::test::run_together(1, [&](int) {
      ebb::test::run_on_cpu(cpu);
      unsigned node = 0;
      ASSERT_EQ(::getcpu(nullptr, &node), 0);
      EXPECT_EQ(current_node.load()(), node);
    });
  }
}

}  // namespace
