// What is kept beyond two cycles, and what is not even kept for one.
#include <ebb/object_pool.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/pools.hpp>
#include <support/burst.hpp>
#include <support/evictions.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

#include "pool_state.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace {

using ebb::eviction_reason;
using ebb::detail::registry;
using ebb::test::announce;
using ebb::test::burst;
using ebb::test::entry;
using ebb::test::ledger;
using ebb::test::make_entry;

TEST(Keep, exactly_as_many_as_keep_at_least_says_survive_any_number_of_cycles) {
  for (const std::size_t keep : {1u, 5u, 61u, 62u, 63u, 100u, 299u, 300u}) {
    ledger book;
    ebb::object_pool<entry> pool{{.make = make_entry(book), .keep_at_least = keep, .on_evict = announce}};
    burst(pool, 300);
    for (int i = 0; i < 9; ++i) {
      ebb::collect();
      EXPECT_EQ(pool.stats().idle, i == 0 ? 300 : keep) << "cycle " << i;
    }
    EXPECT_EQ(book.calls(eviction_reason::aged), 300 - keep);
    EXPECT_EQ(book.calls(), 300 - keep);
    book.expect_counted_as(pool.stats());
  }
}

TEST(Keep, less_is_there_than_may_be_kept_and_all_of_it_stays) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .keep_at_least = 1000, .on_evict = announce}};
  burst(pool, 7);
  for (int i = 0; i < 9; ++i) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 7u);
  EXPECT_EQ(book.calls(), 0u);
}

TEST(Keep, what_is_kept_is_found_by_gets_and_counts_while_it_is_in_the_pool_only) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .keep_at_least = 10, .on_evict = announce}};
  burst(pool, 10);
  for (int i = 0; i < 5; ++i) ebb::collect();
  std::vector<ebb::pooled<entry>> out(10);
  pool.get_n(out);
  EXPECT_EQ(pool.stats().made, 10u) << "none was made anew";
  for (int i = 0; i < 5; ++i) ebb::collect();
  out.clear();
  EXPECT_EQ(pool.stats().idle, 10u);
  EXPECT_EQ(book.calls(), 0u);
}

TEST(Keep, young_objects_count_for_what_is_kept_and_the_old_ones_go) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .keep_at_least = 10, .on_evict = announce}};
  std::vector<ebb::pooled<entry>> out(20);
  pool.get_n(out);
  std::vector<ebb::pooled<entry>> young;
  for (int i = 10; i < 20; ++i) young.push_back(std::move(out[static_cast<std::size_t>(i)]));
  out.clear();  // ids 0 .. 9
  ebb::collect();
  young.clear();  // ids 10 .. 19
  ebb::collect();
  EXPECT_EQ(pool.stats().idle, 10u);
  for (const std::size_t id : book.evicted(eviction_reason::aged)) EXPECT_LT(id, 10u);
  EXPECT_EQ(book.calls(), 10u);
}

TEST(Keep, may_change_while_running_and_0_lets_all_age) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  pool.set_keep_at_least(40);
  burst(pool, 100);
  for (int i = 0; i < 4; ++i) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 40u);
  pool.set_keep_at_least(15);
  for (int i = 0; i < 4; ++i) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 15u);
  pool.set_keep_at_least(0);
  for (int i = 0; i < 2; ++i) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST(Keep, neither_budgets_nor_drain_nor_pressure_spare_what_is_kept) {
  for (int aged = 0; aged < 4; ++aged) {  // in which bank they are
    ledger book;
    ebb::object_pool<entry> pool{{.make = make_entry(book), .keep_at_least = 50, .on_evict = announce}};
    const auto fill = [&] {
      burst(pool, 50);
      for (int i = 0; i < aged; ++i) ebb::collect();
      ASSERT_EQ(pool.stats().idle, 50u);
    };
    fill();
    pool.set_max_idle(20);
    EXPECT_EQ(pool.stats().idle, 20u) << aged;
    EXPECT_EQ(book.calls(eviction_reason::over_budget), 30u) << aged;
    pool.set_max_idle(ebb::unlimited);
    fill();
    EXPECT_EQ(pool.drain(), 50u) << aged;
    fill();
    pool.set_max_idle_bytes(10 * sizeof(entry));
    EXPECT_EQ(pool.stats().idle, 10u) << aged;
    pool.set_max_idle_bytes(ebb::unlimited);
    fill();
    registry::keep_nothing(true);
    registry::run_cycle(eviction_reason::pressure);
    registry::run_cycle(eviction_reason::pressure);
    registry::keep_nothing(false);
    EXPECT_EQ(pool.stats().idle, 0u) << aged;
    EXPECT_EQ(book.calls(eviction_reason::pressure), 50u) << aged;
    fill();
    EXPECT_GE(ebb::drain_all(), 50u) << aged;
    book.expect_counted_as(pool.stats());
    EXPECT_EQ(book.calls(eviction_reason::aged), 0u) << aged;
  }
}

TEST(Keep, objects_of_all_shards_count_together) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .keep_at_least = 30, .on_evict = announce}};
  ebb::test::run_together(4, [&](int me) {
    ebb::test::run_on_cpu(me);
    burst(pool, 50);
  });
  for (int i = 0; i < 6; ++i) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 30u);
}

TEST(Prewarm, makes_what_is_missing_and_keeps_it) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  EXPECT_EQ(pool.prewarm(0), 0u);
  EXPECT_EQ(pool.prewarm(150), 150u);
  EXPECT_EQ(pool.stats().idle, 150u);
  EXPECT_EQ(pool.prewarm(150), 0u) << "they are there";
  EXPECT_EQ(pool.prewarm(160), 10u);
  EXPECT_EQ(pool.prewarm(100), 0u);
  for (int i = 0; i < 9; ++i) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 160u) << "prewarm() keeps, and a smaller one does not lower that";
  std::vector<ebb::pooled<entry>> out(160);
  pool.get_n(out);
  EXPECT_EQ(pool.stats().made, 160u);
  EXPECT_EQ(pool.stats().missed, 0u);
}

TEST(Prewarm, what_it_makes_can_be_had_on_every_cpu) {
  for (const std::size_t n : {1u, 2u, 100u}) {
    ledger book;
    ebb::object_pool<entry> pool{make_entry(book)};
    (void)pool.prewarm(n);
    ebb::test::run_together(1, [&](int) {
      ebb::test::run_on_cpu(1);
      std::vector<ebb::pooled<entry>> out(n);
      pool.get_n(out);
    });
    EXPECT_EQ(pool.stats().made, n);
    EXPECT_EQ(pool.stats().missed, 0u);
  }
}

TEST(Prewarm, what_it_makes_can_be_had_also_where_the_thread_was_moved_meanwhile) {
  const ebb::test::on_one_cpu until_the_end;
  int made = 0;
  ebb::object_pool<int> pool{[&] {
    ebb::test::run_on_cpu(++made > 62 ? 0 : 1);
    ebb::detail::percpu::fallback::place = {};  // portable path: looks again now
    return std::make_unique<int>(made);
  }};
  EXPECT_EQ(pool.prewarm(100), 100u);
  ebb::test::run_on_cpu(0);
  burst(pool, 100);
  EXPECT_EQ(made, 100) << "some of them were loaded on another CPU";
}

TEST(Prewarm, up_to_max_idle_fills_the_pool_and_one_more_is_refused) {
  const ebb::test::on_one_cpu here;
  for (const std::size_t most : {1u, 2u, 9u, 64u, 200u}) {
    ledger book;
    ebb::object_pool<entry> pool{
        {.make = make_entry(book), .max_idle = most, .on_evict = announce, .name = "warm"}};
    EXPECT_EQ(pool.prewarm(most), most);
    EXPECT_EQ(pool.stats().idle, most);
    EXPECT_EQ(book.calls(), 0u);
    try {
      (void)pool.prewarm(most + 1);
      FAIL();
    } catch (const std::invalid_argument& e) {
      EXPECT_EQ(std::string(e.what()),
                "ebb::object_pool \"warm\": " + std::to_string(most + 1) +
                    " objects are to be kept at least; valid are 0 to max_idle, which is " +
                    std::to_string(most));
    }
    EXPECT_THROW(pool.set_keep_at_least(most + 1), std::invalid_argument);
    EXPECT_EQ(pool.stats().idle, most) << "nothing happened";
  }
  EXPECT_THROW((ebb::object_pool<int>{{.max_idle = 3, .keep_at_least = 4}}), std::invalid_argument);
  EXPECT_NO_THROW((ebb::object_pool<int>{{.max_idle = 4, .keep_at_least = 4}}));
}

TEST(Prewarm, an_exception_of_make_leaves_what_was_made) {
  ledger book;
  int left = 12;
  ebb::object_pool<entry> pool{{.make =
                                    [&] {
                                      if (left-- == 0) throw std::runtime_error("no more");
                                      return std::make_unique<entry>(book);
                                    },
                                .on_evict = announce}};
  EXPECT_THROW((void)pool.prewarm(20), std::runtime_error);
  EXPECT_EQ(pool.stats().idle, 12u);
  EXPECT_EQ(pool.stats().in_use(), 0u);
}

struct KeepNothing : testing::Test {
  void TearDown() override { registry::keep_nothing(false); }
};

TEST_F(KeepNothing, what_is_put_is_destroyed_because_of_pressure_and_afterwards_stays_again) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .max_idle = 1000, .on_evict = announce}};
  ebb::object_pool<entry> fresh{{.make = make_entry(book), .on_evict = announce}};
  burst(pool, 300);
  registry::keep_nothing(true);
  EXPECT_EQ(pool.stats().idle, 300u) << "what lies there waits for the cycles";
  registry::run_cycle(eviction_reason::pressure);
  registry::run_cycle(eviction_reason::pressure);
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.stats().dropped_pressure, 300u);
  for (int i = 0; i < 10; ++i) {
    burst(pool, 20);
    EXPECT_EQ(pool.stats().idle, 0u);
    burst(fresh, 1);
    EXPECT_EQ(fresh.stats().idle, 0u) << "nor in a pool that is new";
    std::vector<ebb::pooled<entry>> many(130);
    pool.get_n(many);
    pool.put_n(many);
    EXPECT_EQ(pool.stats().idle, 0u);
    EXPECT_EQ(pool.prewarm(3), 3u);
    EXPECT_EQ(pool.stats().idle, 0u);
  }
  EXPECT_EQ(pool.stats().dropped_pressure, 300u + 10 * 153);
  EXPECT_EQ(book.calls(eviction_reason::pressure), book.calls());
  registry::keep_nothing(false);
  burst(pool, 300);
  EXPECT_EQ(pool.stats().idle, 300u);
  std::vector<ebb::pooled<entry>> more(1200);
  pool.get_n(more);
  pool.put_n(more);
  EXPECT_LE(pool.stats().idle, 1000u);
  EXPECT_GE(pool.stats().idle, 900u) << "all room is there again";
}

TEST_F(KeepNothing, the_room_of_what_was_taken_out_of_a_parked_magazine_is_not_filled_again) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  (void)pool.prewarm(20);  // parked, and nothing is loaded
  registry::keep_nothing(true);
  pool.get().reset();
  EXPECT_EQ(pool.stats().idle, 19u);
  EXPECT_EQ(book.calls(eviction_reason::pressure), 1u);
}

TEST_F(KeepNothing, threads_that_go_on_leave_nothing_idle_once_two_cycles_were) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  std::atomic<int> phase{0};
  std::atomic<int> arrived{0};
  constexpr int threads = 4;
  ebb::test::run_together(threads + 1, [&](int me) {
    const auto meet = [&](int n) {
      ++arrived;
      while (arrived < n * (threads + 1)) std::this_thread::yield();
    };
    if (me == threads) {
      registry::keep_nothing(true);
      registry::run_cycle(eviction_reason::pressure);
      registry::run_cycle(eviction_reason::pressure);
      phase = 1;
      meet(1);
      // All that they hold has been put: whatever was loaded when the cycles came is gone with them.
      registry::run_cycle(eviction_reason::pressure);
      registry::run_cycle(eviction_reason::pressure);
      EXPECT_EQ(pool.stats().idle, 0u);
      meet(2);
      return;
    }
    while (phase == 0) burst(pool, 1 + static_cast<std::size_t>(me) * 20);
    meet(1);
    meet(2);
    burst(pool, 10);
    EXPECT_EQ(pool.stats().idle, 0u);
  });
  book.expect_counted_as(pool.stats());
  EXPECT_EQ(pool.stats().in_use(), 0u);
}

}  // namespace
