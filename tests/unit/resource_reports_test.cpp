// What other pools were reported to do wrong, asked of this one. Each test names the report; others are in
// resource_pool_test.cpp, resource_time_test.cpp and resource_waiting_test.cpp.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include <ebb/resource_pool.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>
#include <support/waiting.hpp>

namespace {

using ebb::close_reason;
using ebb::lease;
using ebb::pool_errc;
using ebb::resource_pool;
using ebb::resource_stats;
using ebb::test::closed_for;
using ebb::test::comes_to;
using ebb::test::connect_to;
using ebb::test::eventually;
using ebb::test::fake_clock;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::ping;
using ebb::test::run_together;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

constexpr int many = 300 / ebb::test::slowdown + 20;

// vitess #16897: of all whose time was over only the first was told.
TEST(ResourceReports, all_whose_time_is_over_are_told_at_once) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}, clock};
  auto held = pool.acquire();
  waiting_thread patient(pool, [&](std::error_code& why) { return pool.acquire_for(1h, why); });
  std::vector<std::unique_ptr<waiting_thread>> others;
  for (int i = 0; i < 5; ++i) {
    others.push_back(std::make_unique<waiting_thread>(
        pool, [&](std::error_code& why) { return pool.acquire_for(100ms, why); }));
  }
  clock.advance(100ms);
  for (auto& w : others) {
    w->join();
    EXPECT_EQ(w->why, pool_errc::timed_out);
  }
  EXPECT_EQ(pool.stats().waiters, 1u);
  held.reset();
  patient.join();
  EXPECT_TRUE(patient.got);
}

// vitess #17662, bb8 #122: one came back after somebody had looked for it and before they stood in line,
// and nobody came later to wake them.
TEST(ResourceReports, one_that_comes_back_while_somebody_begins_to_wait_is_not_missed) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  for (int i = 0; i < many; ++i) {
    auto held = pool.acquire();
    std::error_code why;
    lease<link> got;
    run_together(2, [&](int me) { me == 0 ? held.reset() : void(got = pool.acquire_for(20s, why)); });
    ASSERT_TRUE(got) << why.message() << " in round " << i;
  }
  EXPECT_EQ(p.opened, 1);
}

// vitess #20310, #20308: to give one back took as long as the one it was handed to needed to notice.
TEST(ResourceReports, giving_back_does_not_wait_for_the_next_owner) {
  peer p;
  std::binary_semaphore may_go(0);
  std::atomic<int> checks{0};
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .check = [&](link&) {
                              ++checks;
                              may_go.acquire();
                              return true;
                            }}};
  auto held = pool.acquire();
  waiting_thread next(pool, [&](std::error_code& why) { return pool.acquire(why); });
  held.reset();  // would hang here
  EXPECT_EQ(pool.stats().waiters, 0u);
  may_go.release();
  next.join();
  EXPECT_TRUE(next.got);
  EXPECT_EQ(checks, 1);
}

// vitess #20080: while expired ones were opened anew in the background, callers found no place although the
// pool said that there was one.
TEST(ResourceReports, openings_in_the_background_leave_the_other_places_to_callers) {
  constexpr std::size_t capacity = 4;
  peer p;
  fake_clock clock;
  std::binary_semaphore may_go(0);
  std::atomic<bool> is_slow{false};
  resource_pool<link> pool{{.make =
                                [&] {
                                  if (is_slow.exchange(false)) may_go.acquire();
                                  return std::make_unique<link>(p);
                                },
                            .capacity = capacity,
                            .keep_at_least = capacity,
                            .max_lifetime = 1min},
                           clock};
  pool.prewarm(capacity);
  clock.pass(1min);
  is_slow = true;
  std::thread background([&] { pool.look_after(); });
  ASSERT_TRUE(eventually([&] { return !is_slow; })) << "it is the one that is slow";
  EXPECT_EQ(pool.stats().opening, 1u);
  EXPECT_EQ(p.open, 0);
  std::array<lease<link>, capacity - 1> got;
  for (auto& l : got) {
    l = pool.try_acquire();
    EXPECT_TRUE(l);
  }
  EXPECT_FALSE(pool.try_acquire()) << "the last place is that of the opening";
  may_go.release();
  background.join();
  EXPECT_TRUE(pool.try_acquire());
  EXPECT_EQ(p.most, static_cast<int>(capacity));
}

// vitess #18202: the pool could not be closed where callers began to wait at the same moment.
TEST(ResourceReports, who_comes_while_the_pool_is_closed_is_refused_and_closing_ends) {
  peer p;
  for (int i = 0; i < many; ++i) {
    resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
    auto held = pool.acquire();
    std::array<std::error_code, 3> why;
    run_together(4, [&](int me) {
      if (me == 3) return void(pool.close());
      (void)pool.acquire_for(20s, why[static_cast<std::size_t>(me)]);
    });
    for (const std::error_code& e : why) ASSERT_EQ(e, pool_errc::closed) << "in round " << i;
    held.reset();
    ASSERT_TRUE(pool.close());
  }
  EXPECT_EQ(p.open, 0);
}

// bb8 #167: when all that came back were broken, every call from then on timed out.
TEST(ResourceReports, where_each_comes_back_broken_everybody_still_gets_one) {
  peer p;
  resource_pool<link> pool{
      {.make = connect_to(p), .capacity = 5, .on_return = [](link&) { return false; }}};
  std::atomic<int> got{0};
  run_together(10, [&](int) {
    for (int i = 0; i < 20; ++i) {
      std::error_code why;
      got += pool.acquire_for(20s, why) ? 1 : 0;
    }
  });
  EXPECT_EQ(got, 200);
  EXPECT_EQ(p.opened, 200);
  EXPECT_LE(p.most, 5);
}

// golang/go #10886: with two places and a server that cannot be reached, the first two heard of it and the
// third waited for ever.
TEST(ResourceReports, each_of_more_callers_than_places_hears_that_the_peer_cannot_be_reached) {
  constexpr int callers = 5;
  std::counting_semaphore<callers> may_go(0);
  resource_pool<link> pool{{.make = [&]() -> std::unique_ptr<link> {
                              may_go.acquire();
                              throw ebb::test::refused_by_peer();
                            },
                            .capacity = 2}};
  std::atomic<int> told{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      try {
        (void)pool.acquire_for(20s);
      } catch (const ebb::test::refused_by_peer&) {
        ++told;
      } catch (const std::system_error&) {  // had to wait, and nobody said why
      }
    });
  }
  EXPECT_TRUE(comes_to(pool, &resource_stats::waiters, callers - 2));
  may_go.release(callers);
  for (auto& t : threads) t.join();
  EXPECT_EQ(told, callers);
  EXPECT_EQ(pool.stats().open(), 0u);
}

// golang/go #32530: who waited for a new one was handed one that was past its lifetime.
TEST(ResourceReports, one_past_its_lifetime_is_not_handed_to_who_waits) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .max_lifetime = 1min}, clock};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  clock.advance(1min);
  held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 2);
  EXPECT_EQ(p.most, 1);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::lifetime), 1u);
}

// golang/go #18995: connections were lost to calls whose deadline had come, until there were none.
TEST(ResourceReports, one_that_is_handed_over_in_the_moment_of_the_deadline_is_not_lost) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}, clock};
  int got = 0;
  for (int i = 0; i < many; ++i) {
    auto held = pool.acquire();
    waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire_for(100ms, why); });
    run_together(2, [&](int me) { me == 0 ? held.reset() : clock.advance(100ms); });
    w.join();
    ASSERT_NE(static_cast<bool>(w.got), w.why == pool_errc::timed_out);
    got += w.got ? 1 : 0;
    w.got.reset();
    ASSERT_EQ(pool.stats().idle, 1u);
  }
  EXPECT_EQ(p.opened, 1);
  RecordProperty("handed over", got);
}

// clickhouse-go #1759: a call that was cancelled kept the place that it had just been granted.
TEST(ResourceReports, a_place_that_is_granted_while_its_waiter_is_cancelled_is_not_lost) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  for (int i = 0; i < many; ++i) {
    auto held = pool.acquire();
    std::stop_source stop;
    waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(stop.get_token(), why); });
    run_together(2, [&](int me) { me == 0 ? held.discard() : void(stop.request_stop()); });
    w.join();
    ASSERT_NE(static_cast<bool>(w.got), w.why == pool_errc::cancelled);
    w.got.reset();
    ASSERT_EQ(pool.stats().open(), pool.stats().idle) << "in round " << i;
    ASSERT_TRUE(pool.try_acquire());
  }
  EXPECT_EQ(p.most, 1);
}

// Poco #2986: what came back during a wait with a time-out was not lent, and the wait ended with nothing.
TEST(ResourceReports, what_comes_back_during_a_timed_wait_is_lent_without_the_rest_of_it) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}, clock};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire_for(1h, why); });
  clock.advance(10ms);
  held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 1);
  EXPECT_EQ(pool.stats().waited, 10ms);
}

// HikariCP #1819: after a check in the background had failed the pool was not filled again.
TEST(ResourceReports, after_a_failed_check_in_the_background_others_are_opened) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 2,
                            .check = ping,
                            .check_after_idle = 1h,
                            .check_every = 10s,
                            .keep_at_least = 2},
                           clock};
  pool.prewarm(2);
  {
    const std::array both{pool.acquire(), pool.acquire()};
    for (const auto& l : both) l->works = false;
  }
  clock.advance(10s);
  p.refuses = 1;
  pool.look_after();
  EXPECT_EQ(closed_for(pool.stats(), close_reason::broken), 2u);
  EXPECT_EQ(p.open, 0) << "and the peer says no";
  EXPECT_EQ(pool.acquire()->id, 3) << "which callers need not hear of later";
  pool.look_after();
  EXPECT_EQ(pool.stats().idle, 2u);
}

// node-postgres #3543: a connection that came to be after its caller had given up was kept open, and never
// used.
TEST(ResourceReports, one_that_is_opened_after_its_caller_gave_up_is_the_next_ones) {
  peer p;
  fake_clock clock;
  std::optional<ebb::opening<link>> begun;
  resource_pool<link> pool{
      {.make_async = [&](ebb::opening<link> o) { begun.emplace(std::move(o)); }, .capacity = 1}, clock};
  {
    waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire_for(100ms, why); });
    clock.advance(100ms);
    w.join();
    EXPECT_EQ(w.why, pool_errc::timed_out);
  }
  EXPECT_EQ(pool.stats().opening, 1u) << "its place is taken";
  std::move(*begun).succeed(std::make_unique<link>(p));
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.try_acquire()->id, 1);
}

}  // namespace
