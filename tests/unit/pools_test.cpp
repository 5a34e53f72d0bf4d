#include <ebb/pools.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pool_resource.hpp>
#include <support/burst.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>
#include <support/token.hpp>

namespace ebb::test {
struct parser {
  int depth = 0;
};
}  // namespace ebb::test

namespace {

using ebb::all_pools;
using ebb::pool_info;
using ebb::test::burst;
using ebb::test::parser;

// Those of this test: other tests of the program leave none behind.
TEST(AllPools, lists_those_that_something_was_put_into_in_the_order_of_their_first_puts) {
  ASSERT_TRUE(all_pools().empty());
  ebb::object_pool<int> first{{.name = "made first"}};
  ebb::object_pool<int> second{{.name = "made second"}};
  ebb::object_pool<int> third{{.name = ""}};
  ebb::object_pool<int> unused{{.name = "nothing was put here"}};
  const auto held = unused.get();
  burst(second, 1);
  burst(third, 1);
  burst(first, 1);
  const std::vector<pool_info> all = all_pools();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "made second");
  EXPECT_EQ(all[1].name, "");
  EXPECT_EQ(all[2].name, "made first");
  EXPECT_GE(all[0].id, 1u);
  EXPECT_LT(all[0].id, all[1].id);
  EXPECT_LT(all[1].id, all[2].id);
  const std::vector<pool_info> again = all_pools();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(again[i].id, all[i].id) << "an id is for life";
}

TEST(AllPools, ids_of_dead_pools_are_not_used_again) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 50; ++i) {
    ebb::object_pool<int> pool;
    burst(pool, 1);
    if (i % 2 == 0) ebb::collect();
    const auto all = all_pools();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_GE(all[0].id, 1u);
    EXPECT_TRUE(seen.insert(all[0].id).second);
    EXPECT_EQ(all[0].id, *seen.rbegin());
  }
}

TEST(AllPools, types_are_written_as_in_the_program) {
  ebb::object_pool<parser> objects;
  burst(objects, 1);
  const std::string type = all_pools().at(0).type;
  EXPECT_NE(type.find("object_pool<ebb::test::parser>"), std::string::npos) << type;
  EXPECT_EQ(type.find("ebb::"), 0u) << type;
}

TEST(AllPools, each_tier_of_a_buffer_pool_is_one_and_named_after_it) {
  ebb::buffer_pool buffers{{.min_bytes = 1024, .max_bytes = 8192, .name = "answers"}};
  buffers.get(4096).resize(1);
  buffers.get(1024).resize(1);
  const auto all = all_pools();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "answers/4096");
  EXPECT_EQ(all[1].name, "answers/1024");
  EXPECT_EQ(all[0].stats.idle, 1u);
  EXPECT_EQ(all[0].stats.idle_bytes, 4096u);
  EXPECT_NE(all[0].type.find("buffer_pool"), std::string::npos) << all[0].type;
}

TEST(AllPools, size_classes_and_calibrated_pools_are_there_with_their_names) {
  ebb::pool_resource blocks{{.name = "nodes"}};
  blocks.deallocate(blocks.allocate(48), 48);
  ebb::calibrated_buffer_pool buffers{{.name = "lines"}};
  {
    auto b = buffers.get();
    b.resize(100);
  }
  const auto all = all_pools();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].name.find("nodes"), std::string::npos) << all[0].name;
  EXPECT_NE(all[0].name.find("48"), std::string::npos) << all[0].name;
  EXPECT_EQ(all[1].name, "lines");
}

TEST(AllPools, stats_are_those_of_the_pool) {
  ebb::object_pool<parser> pool{{.name = "p"}};
  burst(pool, 70);
  ebb::collect();
  burst(pool, 20);
  const ebb::pool_stats here = pool.stats();
  const ebb::pool_stats there = all_pools().at(0).stats;
  EXPECT_EQ(there.made, here.made);
  EXPECT_EQ(there.idle, here.idle);
  EXPECT_EQ(there.missed, here.missed);
  EXPECT_EQ(there.reused_victim, here.reused_victim);
  EXPECT_EQ(there.cycles, 1u);
}

TEST(AllPools, may_be_asked_while_pools_live_and_die_in_other_threads) {
  std::atomic<int> working{3};
  std::uint64_t looks = 0;
  ebb::test::run_together(4, [&](int me) {
    if (me == 3) {
      while (working > 0) {
        std::uint64_t last = 0;
        for (const pool_info& p : all_pools()) {
          EXPECT_GT(p.id, last);
          last = p.id;
          EXPECT_EQ(p.name.substr(0, 5), "short");
          EXPECT_LE(p.stats.idle, 1000u);
        }
        ++looks;
        if (looks % 7 == 0) ebb::collect();
        if (looks % 11 == 0) (void)ebb::drain_all();
      }
      return;
    }
    for (int i = 0; i < 2000 / ebb::test::slowdown; ++i) {
      ebb::object_pool<parser> pool{{.name = "short lived " + std::to_string(i)}};
      burst(pool, static_cast<std::size_t>(i % 50) + 1);
      if (i % 5 == 0) (void)pool.drain();
      if (i % 9 == 0) pool.set_max_idle(3);
    }
    --working;
  });
  EXPECT_GT(looks, 0u);
  EXPECT_TRUE(all_pools().empty());
}

// drain() of a pool whose first put is under way in another thread: it must not go on from there to a pool
// that is put into for the first time by a third.
TEST(Drain, of_a_pool_that_is_just_put_into_for_the_first_time) {
  for (int i = 0; i < 2000 / ebb::test::slowdown; ++i) {
    ebb::object_pool<parser> other;
    ebb::object_pool<parser> pool;
    ebb::test::run_together(3, [&](int me) {
      if (me == 0) {
        burst(other, 1);
      } else if (me == 1) {
        burst(pool, 3);
      } else {
        for (int k = 0; k < 20; ++k) {
          (void)pool.drain();
          pool.set_max_idle(static_cast<std::size_t>(k) + 10);
        }
      }
    });
    const ebb::pool_stats s = pool.stats();
    ASSERT_EQ(s.made, s.idle + s.dropped_drained);
    ASSERT_EQ(other.stats().dropped_drained, 0u);
  }
}

struct drains_at_its_end {
  ebb::object_pool<int>* pool;
  std::uint64_t* destroyed;
  ~drains_at_its_end() { *destroyed += pool->drain(); }
};

// It destroys what a cycle has doomed in other pools, too, as whoever comes first does.
TEST(Drain, returns_how_many_objects_of_its_own_pool_it_destroyed) {
  std::uint64_t destroyed = 0;
  ebb::object_pool<int> drained;
  ebb::object_pool<parser> before;
  ebb::object_pool<drains_at_its_end> between{[&] {
    return std::unique_ptr<drains_at_its_end>(new drains_at_its_end{&drained, &destroyed});
  }};
  ebb::object_pool<parser> after;
  burst(before, 4);
  burst(between, 1);
  burst(after, 4);
  ebb::collect();
  burst(drained, 7);
  ebb::collect();  // of the nine, one of the fours is still there when the one dies
  EXPECT_EQ(before.stats().idle + between.stats().idle + after.stats().idle, 0u);
  EXPECT_EQ(drained.stats().dropped_drained, 7u);
  EXPECT_EQ(destroyed, 7u);
}

TEST(DrainPool, empties_that_one_by_its_id_whoever_has_it) {
  ebb::object_pool<parser> a{{.name = "a"}};
  ebb::object_pool<parser> b{{.name = "b"}};
  burst(a, 20);
  ebb::collect();  // some are in the victim
  burst(b, 30);
  const auto all = all_pools();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(ebb::drain_pool(0), 0u);
  EXPECT_EQ(ebb::drain_pool(all[1].id + 1), 0u);
  EXPECT_EQ(a.stats().idle, 20u);
  EXPECT_EQ(ebb::drain_pool(all[1].id), 30u);
  EXPECT_EQ(b.stats().dropped_drained, 30u);
  EXPECT_EQ(a.stats().idle, 20u);
  EXPECT_EQ(ebb::drain_pool(all[0].id), 20u);
  EXPECT_EQ(ebb::drain_pool(all[0].id), 0u);
}

TEST(DrainPool, may_be_called_while_that_pool_dies_in_another_thread) {
  for (int i = 0; i < 500 / ebb::test::slowdown; ++i) {
    std::optional<ebb::object_pool<parser>> pool{std::in_place};
    burst(*pool, 40);
    const std::uint64_t id = all_pools().at(0).id;
    ebb::test::run_together(2, [&](int me) {
      if (me == 0) {
        pool.reset();
      } else {
        EXPECT_LE(ebb::drain_pool(id), 40u);
      }
    });
    EXPECT_EQ(ebb::drain_pool(id), 0u);
  }
}

struct drains_by_id {
  const std::uint64_t* id;
  std::uint64_t* destroyed;
  ~drains_by_id() { *destroyed += ebb::drain_pool(*id); }
};

// The idle objects of one pool may own another. Who drains that one may have to destroy its owner, too, and
// must not wait for itself.
TEST(DrainPool, is_not_waited_for_by_a_pool_that_dies_in_it) {
  struct owner {
    // Elsewhere: what is in an idle object itself is poisoned under ASan, and the list of pools reads
    // there.
    std::unique_ptr<ebb::object_pool<parser>> own =
        std::make_unique<ebb::object_pool<parser>>(ebb::object_pool_options<parser>{.name = "own"});
  };
  std::uint64_t id = 0;
  std::uint64_t destroyed = 0;
  // Of what one cycle dooms, the pool that was put into first is emptied first.
  ebb::object_pool<drains_by_id> drainers;
  ebb::object_pool<owner> owners;
  drainers.put(std::unique_ptr<drains_by_id>(new drains_by_id{&id, &destroyed}));
  owners.put(std::make_unique<owner>());
  {
    const auto one = owners.get();
    burst(*one->own, 8);
  }
  for (const pool_info& p : all_pools()) id = p.name == "own" ? p.id : id;
  ASSERT_NE(id, 0u);
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(all_pools().size(), 2u) << "the owner is gone, and its pool";
  EXPECT_LE(destroyed, 8u);
}

TEST(DrainAll, empties_every_pool_and_returns_how_much) {
  ebb::test::census c;
  ebb::object_pool<ebb::test::token> a{{.make = ebb::test::make_token(c), .keep_at_least = 5}};
  ebb::object_pool<ebb::test::token> b{{.make = ebb::test::make_token(c)}};
  ebb::buffer_pool buffers;
  EXPECT_EQ(ebb::drain_all(), 0u);
  burst(a, 100);
  ebb::collect();
  burst(b, 30);
  buffers.get(100).resize(1);
  auto held = b.get();
  EXPECT_EQ(ebb::drain_all(), 130u);
  EXPECT_EQ(c.alive(), 1);
  EXPECT_EQ(a.stats().dropped_drained, 100u);
  EXPECT_EQ(b.stats().dropped_drained, 29u);
  EXPECT_EQ(buffers.stats().dropped_drained, 1u);
  EXPECT_EQ(ebb::drain_all(), 0u);
}

TEST(DrainAll, may_be_called_by_a_destructor_that_runs_in_it) {
  struct drainer {
    ~drainer() { (void)ebb::drain_all(); }
  };
  ebb::object_pool<drainer> a;
  ebb::object_pool<parser> b;
  burst(a, 20);
  burst(b, 20);
  (void)ebb::drain_all();
  EXPECT_EQ(a.stats().idle, 0u);
  EXPECT_EQ(b.stats().idle, 0u);
  EXPECT_EQ(a.stats().dropped_drained, 20u);
  EXPECT_EQ(b.stats().dropped_drained, 20u);
}

TEST(RecentStats, count_from_the_last_cycle_on_and_their_ratio_is_1_where_nothing_was_seen) {
  const ebb::test::on_one_cpu here;
  ebb::object_pool<parser> pool;
  EXPECT_EQ(pool.stats().hit_ratio(), 1.0);
  burst(pool, 10);
  EXPECT_EQ(pool.stats().recent_missed, 10u);
  EXPECT_EQ(pool.stats().recent_reused, 0u);
  EXPECT_EQ(pool.stats().hit_ratio(), 0.0);
  ebb::collect();
  EXPECT_EQ(pool.stats().recent_missed, 0u);
  EXPECT_EQ(pool.stats().hit_ratio(), 1.0);
  burst(pool, 40);  // 10 from the victim, each in a magazine of one
  EXPECT_EQ(pool.stats().recent_missed, 30u);
  EXPECT_EQ(pool.stats().recent_reused, 10u);
  EXPECT_EQ(pool.stats().hit_ratio(), 0.25);
  EXPECT_EQ(pool.stats().missed, 40u);
  ebb::collect();
  EXPECT_EQ(pool.stats().recent_missed, 0u);
  EXPECT_EQ(pool.stats().recent_reused, 0u);
}

TEST(RecentStats, lowering_a_bound_is_no_cycle) {
  ebb::object_pool<parser> pool;
  burst(pool, 40);
  pool.set_max_idle(20);
  EXPECT_EQ(pool.stats().cycles, 0u);
  EXPECT_EQ(pool.stats().recent_missed, 40u);
}

TEST(Peak, is_the_most_that_cycles_and_snapshots_have_seen) {
  const ebb::test::on_one_cpu here;
  ebb::object_pool<parser> pool;
  burst(pool, 120);
  ebb::collect();
  EXPECT_EQ(pool.stats().idle_peak, 120u);
  ebb::collect();
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.stats().idle_peak, 120u) << "it does not ebb";
  burst(pool, 130);
  EXPECT_EQ(pool.stats().idle_peak, 130u) << "this snapshot has seen it";
  const auto held = pool.get();
  EXPECT_EQ(pool.stats().idle_peak, 130u);
}

TEST(IdleBytes, are_the_size_of_what_is_idle) {
  ebb::object_pool<parser> pool;
  burst(pool, 12);
  EXPECT_EQ(pool.stats().idle_bytes, 12 * sizeof(parser));
  (void)pool.drain();
  EXPECT_EQ(pool.stats().idle_bytes, 0u);
  ebb::object_pool<parser> sized{{.bytes = [](const parser&) { return std::size_t{4096}; }}};
  burst(sized, 12);
  EXPECT_EQ(sized.stats().idle_bytes, 12u * 4096);
  ebb::buffer_pool buffers;
  {
    const auto a = buffers.get(1000);
    const auto b = buffers.get(100'000);
  }
  EXPECT_EQ(buffers.stats().idle_bytes, buffers.idle_bytes());
}

TEST(StatsSum, adds_every_number_and_takes_the_larger_of_the_cycles) {
  ebb::pool_stats a;
  ebb::pool_stats b;
  std::uint64_t n = 1;
  for (auto field : {&ebb::pool_stats::made,
                     &ebb::pool_stats::reused_own,
                     &ebb::pool_stats::reused_depot,
                     &ebb::pool_stats::reused_stolen,
                     &ebb::pool_stats::reused_victim,
                     &ebb::pool_stats::missed,
                     &ebb::pool_stats::put,
                     &ebb::pool_stats::dropped_aged,
                     &ebb::pool_stats::dropped_over_budget,
                     &ebb::pool_stats::dropped_pressure,
                     &ebb::pool_stats::dropped_drained,
                     &ebb::pool_stats::dropped_rejected,
                     &ebb::pool_stats::dropped_no_memory,
                     &ebb::pool_stats::dropped_at_random,
                     &ebb::pool_stats::idle,
                     &ebb::pool_stats::idle_bytes,
                     &ebb::pool_stats::idle_peak,
                     &ebb::pool_stats::detached,
                     &ebb::pool_stats::recent_reused,
                     &ebb::pool_stats::recent_missed}) {
    a.*field = n;
    b.*field = 1000;
    ebb::pool_stats sum = a;
    sum += b;
    EXPECT_EQ(sum.*field, 1000 + n) << n;
    ++n;
  }
  a.cycles = 3;
  b.cycles = 2;
  a += b;
  EXPECT_EQ(a.cycles, 3u);
  EXPECT_EQ(b.destroyed(), 7000u);
  EXPECT_EQ(b.reused(), 4000u);
}

}  // namespace
