// Who waits for a resource: order, time-outs, cancellation, and that nobody and nothing is forgotten.
// Threads wait for each other by what stats() says, never for a fixed while.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include <ebb/resource_pool.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>
#include <support/waiting.hpp>

namespace {

using ebb::lease;
using ebb::pool_errc;
using ebb::resource_pool;
using ebb::resource_stats;
using ebb::test::comes_to;
using ebb::test::connect_to;
using ebb::test::eventually;
using ebb::test::fake_clock;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

TEST(ResourceWaiting, who_came_first_is_served_first_and_nobody_overtakes) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  std::vector<int> order;
  std::mutex mutex;
  std::vector<std::unique_ptr<waiting_thread>> waiters;
  for (int i = 0; i < 5; ++i) {
    waiters.push_back(std::make_unique<waiting_thread>(pool, [&, i](std::error_code& why) {
      auto l = pool.acquire(why);
      const std::lock_guard lock(mutex);
      order.push_back(i);
      return lease<link>();
    }));
  }
  EXPECT_FALSE(pool.try_acquire()) << "five came before";
  held.reset();
  waiters.clear();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(p.opened, 1);
  EXPECT_EQ(pool.stats().acquired_after_waiting, 5u);
}

TEST(ResourceWaiting, what_comes_back_goes_straight_to_who_waits) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  held.reset();
  // It is the waiter's before that has run.
  EXPECT_FALSE(pool.try_acquire());
  w.join();
  EXPECT_EQ(w.got->id, 1);
}

TEST(ResourceWaiting, ends_at_its_deadline_and_leaves_no_trace) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}, clock};
  auto held = pool.acquire();
  {
    waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire_for(250ms, why); });
    clock.advance(249ms);
    EXPECT_EQ(pool.stats().waiters, 1u);
    clock.advance(1ms);
    w.join();
    EXPECT_FALSE(w.got);
    EXPECT_EQ(w.why, pool_errc::timed_out);
  }
  EXPECT_EQ(pool.stats().waiters, 0u);
  EXPECT_EQ(pool.stats().timed_out, 1u);
  EXPECT_EQ(pool.stats().waited, 250ms);
  EXPECT_EQ(pool.stats().waits.counts[18], 1u) << "250,000 us";
  std::error_code why;
  EXPECT_FALSE(pool.acquire_until(clock.now(), why)) << "one that is over is not waited for";
  EXPECT_EQ(why, pool_errc::timed_out);
  held.reset();
  EXPECT_TRUE(pool.acquire_until(clock.now() - 1h, why)) << "and does not matter where one is free";
}

// Poco::ObjectPool: a wait that was woken in vain began its time-out anew.
TEST(ResourceWaiting, being_woken_in_vain_does_not_begin_the_time_anew) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}, clock};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire_for(100ms, why); });
  for (int i = 0; i < 9; ++i) clock.advance(10ms);
  EXPECT_EQ(pool.stats().waiters, 1u);
  clock.advance(10ms);
  w.join();
  EXPECT_EQ(w.why, pool_errc::timed_out);
  EXPECT_EQ(pool.stats().waited, 100ms);
}

TEST(ResourceWaiting, ends_when_it_is_cancelled) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  std::stop_source stop;
  {
    waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(stop.get_token(), why); });
    stop.request_stop();
    w.join();
    EXPECT_EQ(w.why, pool_errc::cancelled);
  }
  std::error_code why;
  EXPECT_FALSE(pool.acquire(stop.get_token(), why)) << "was cancelled before";
  EXPECT_EQ(why, pool_errc::cancelled);
  EXPECT_EQ(pool.stats().cancelled, 2u);
  held.reset();
  EXPECT_TRUE(pool.acquire(stop.get_token(), why)) << "there is nothing to wait for";
}

// golang/go #18995: a connection was lost when its waiter was cancelled in the same moment.
TEST(ResourceWaiting, a_resource_that_comes_back_while_its_waiter_is_cancelled_is_not_lost) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  int got = 0;
  for (int i = 0; i < 300 / ebb::test::slowdown + 20; ++i) {
    auto held = pool.acquire();
    std::stop_source stop;
    waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(stop.get_token(), why); });
    ebb::test::run_together(2, [&](int me) { me == 0 ? held.reset() : void(stop.request_stop()); });
    w.join();
    EXPECT_NE(static_cast<bool>(w.got), static_cast<bool>(w.why));
    got += w.got ? 1 : 0;
    w.got.reset();
    ASSERT_EQ(pool.stats().idle, 1u);
    ASSERT_EQ(pool.stats().waiters, 0u);
  }
  EXPECT_EQ(p.opened, 1);
  RecordProperty("handed over", got);
}

TEST(ResourceWaiting, no_more_than_max_waiters_wait) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .max_waiters = 1}};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  std::error_code why;
  EXPECT_FALSE(pool.acquire(why));
  EXPECT_EQ(why, pool_errc::too_many_waiters);
  EXPECT_EQ(pool.stats().refused, 1u);
  held.reset();
}

// commons-pool POOL-356, POOL-376: a waiter that nobody served when a resource was destroyed.
TEST(ResourceWaiting, a_discarded_resource_makes_place_for_who_waits) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  held.discard();
  w.join();
  EXPECT_EQ(w.got->id, 2);
  waiting_thread v(pool, [&](std::error_code& why) { return pool.acquire(why); });
  const auto mine = std::move(w.got).detach();
  v.join();
  EXPECT_EQ(v.got->id, 3);
}

// HikariCP #452, commons-pool PR 346, deadpool #18: who waited behind a failed opening waited for ever.
TEST(ResourceWaiting, a_failed_opening_gives_its_place_to_the_next) {
  peer p;
  std::counting_semaphore<8> may_go(0);
  std::atomic<int> calls{0};
  resource_pool<link> pool{{.make =
                                [&] {
                                  const int call = ++calls;
                                  may_go.acquire();
                                  if (call == 1) throw ebb::test::refused_by_peer();
                                  return std::make_unique<link>(p);
                                },
                            .capacity = 1}};
  std::exception_ptr first_error;
  std::thread first([&] {
    try {
      (void)pool.acquire();
    } catch (...) {
      first_error = std::current_exception();
    }
  });
  ASSERT_TRUE(comes_to(pool, &resource_stats::opening, 1));
  waiting_thread second(pool, [&](std::error_code& why) { return pool.acquire(why); });
  may_go.release(2);
  first.join();
  second.join();
  EXPECT_THROW(std::rethrow_exception(first_error), ebb::test::refused_by_peer);
  EXPECT_TRUE(second.got);
}

// commons-pool POOL-391: a capacity that became free was not offered to who waited.
TEST(ResourceWaiting, a_larger_capacity_is_offered_to_who_waits) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread a(pool, [&](std::error_code& why) { return pool.acquire(why); });
  waiting_thread b(pool, [&](std::error_code& why) { return pool.acquire(why); });
  pool.set_capacity(3);
  a.join();
  b.join();
  EXPECT_TRUE(a.got && b.got);
  EXPECT_EQ(p.most, 3);
}

TEST(ResourceWaiting, reset_while_somebody_waits_gives_them_a_new_one) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  pool.reset();
  EXPECT_EQ(pool.stats().waiters, 1u);
  held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 2);
}

TEST(ResourceWaiting, close_wakes_all_who_wait_and_waits_for_what_is_out) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread a(pool, [&](std::error_code& why) { return pool.acquire(why); });
  waiting_thread b(pool, [&](std::error_code& why) { return pool.acquire_for(1h, why); });
  std::atomic<bool> closed{false};
  std::thread closer([&] {
    EXPECT_TRUE(pool.close(1h));
    closed = true;
  });
  a.join();
  b.join();
  EXPECT_EQ(a.why, pool_errc::closed);
  EXPECT_EQ(b.why, pool_errc::closed);
  EXPECT_FALSE(closed);
  held.reset();
  closer.join();
  EXPECT_EQ(p.open, 0);
}

// vitess: Close() hung while a connection was being opened.
TEST(ResourceWaiting, close_does_not_hang_on_a_slow_opening_and_that_one_is_closed) {
  peer p;
  std::binary_semaphore may_go(0);
  resource_pool<link> pool{{.make =
                                [&] {
                                  may_go.acquire();
                                  return std::make_unique<link>(p);
                                },
                            .capacity = 1}};
  std::error_code why;
  std::thread slow([&] { EXPECT_FALSE(pool.acquire(why)); });
  ASSERT_TRUE(comes_to(pool, &resource_stats::opening, 1));
  EXPECT_FALSE(pool.close(1ms));
  may_go.release();
  slow.join();
  EXPECT_EQ(why, pool_errc::closed);
  EXPECT_EQ(p.open, 0);
  EXPECT_EQ(p.opened, 1);
  EXPECT_TRUE(pool.close());
}

TEST(ResourceWaiting, only_so_many_are_opened_at_once_and_what_comes_back_meanwhile_is_taken_instead) {
  peer p;
  std::counting_semaphore<8> may_go(1);
  resource_pool<link> pool{{.make =
                                [&] {
                                  may_go.acquire();
                                  return std::make_unique<link>(p);
                                },
                            .capacity = 4,
                            .max_opening = 1}};
  auto held = pool.acquire();
  std::thread opener([&] { pool.acquire().reset(); });
  ASSERT_TRUE(comes_to(pool, &resource_stats::opening, 1));
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  EXPECT_EQ(pool.stats().opening, 1u);
  held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 1) << "and did not wait for the opening";
  may_go.release();
  opener.join();
  EXPECT_EQ(p.opened, 2);
}

TEST(ResourceWaiting, when_one_is_open_the_next_may_be_opened) {
  peer p;
  std::counting_semaphore<8> may_go(0);
  resource_pool<link> pool{{.make =
                                [&] {
                                  may_go.acquire();
                                  return std::make_unique<link>(p);
                                },
                            .capacity = 2,
                            .max_opening = 1}};
  lease<link> first;
  std::thread opener([&] { first = pool.acquire(); });
  ASSERT_TRUE(comes_to(pool, &resource_stats::opening, 1));
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  may_go.release(2);
  opener.join();
  w.join();
  EXPECT_EQ(first->id + w.got->id, 3) << "each has one, and none was given back";
}

// The place of a resource that is being closed is not free: the other side still has it.
TEST(ResourceWaiting, nothing_is_opened_in_a_place_whose_resource_is_still_being_closed) {
  peer p;
  std::binary_semaphore may_go(0);
  resource_pool<link> pool{
      {.make = connect_to(p), .capacity = 1, .on_close = [&](link&, ebb::close_reason why) {
         if (why == ebb::close_reason::broken) may_go.acquire();
       }}};
  auto held = pool.acquire();
  std::thread discards([&] { held.discard(); });
  ASSERT_TRUE(comes_to(pool, &resource_stats::closing, 1));
  EXPECT_FALSE(pool.try_acquire());
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  may_go.release();
  discards.join();
  w.join();
  EXPECT_TRUE(w.got);
  EXPECT_EQ(p.most, 1);
}

TEST(ResourceWaiting, who_finds_a_broken_resource_opens_another_before_who_came_later) {
  peer p;
  std::binary_semaphore may_go(0);
  std::atomic<int> checks{0};
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .check = [&](link&) {
                              if (++checks > 1) return true;
                              may_go.acquire();
                              return false;
                            }}};
  pool.prewarm(1);
  lease<link> got;
  std::thread first([&] { got = pool.acquire(); });
  ASSERT_TRUE(eventually([&] { return checks == 1; }));
  waiting_thread second(pool, [&](std::error_code& why) { return pool.acquire(why); });
  may_go.release();
  first.join();
  EXPECT_EQ(got->id, 2);
  EXPECT_EQ(pool.stats().waiters, 1u);
  got.reset();
}

// A check that takes long keeps nobody from the others.
TEST(ResourceWaiting, a_slow_check_holds_up_only_who_has_it_made) {
  peer p;
  std::binary_semaphore may_go(0);
  std::atomic<int> checks{0};
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2, .check = [&](link&) {
                              if (++checks == 1) may_go.acquire();
                              return true;
                            }}};
  pool.prewarm(1);
  std::thread slow([&] { pool.acquire().reset(); });
  ASSERT_TRUE(eventually([&] { return checks == 1; }));
  EXPECT_TRUE(pool.acquire());
  may_go.release();
  slow.join();
}

TEST(ResourceWaiting, after_failures_openings_wait_longer_each_time_and_callers_with_them) {
  peer p;
  fake_clock clock;
  p.refuses = 3;
  resource_pool<link> pool{
      {.make = connect_to(p), .capacity = 2, .retry_first = 100ms, .retry_most = 300ms}, clock};
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  EXPECT_FALSE(pool.try_acquire()) << "it is too early to ask again";
  EXPECT_EQ(p.refuses, 2);
  std::error_code why;
  {
    waiting_thread w(pool, [&](std::error_code& e) { return pool.acquire_for(10ms, e); });
    clock.advance(10ms);
    w.join();
    EXPECT_EQ(w.why, pool_errc::timed_out);
    EXPECT_EQ(p.refuses, 2) << "nobody was asked";
  }
  for (const auto pause : {100ms, 200ms, 300ms}) {
    waiting_thread w(pool, [&](std::error_code& e) { return pool.acquire(e); });
    clock.advance(pause / 2 - 11ms);
    EXPECT_EQ(pool.stats().waiters, 1u) << "at least half of " << pause.count();
    clock.advance(pause / 2 + 11ms);
    w.join();
    EXPECT_EQ(static_cast<bool>(w.thrown), pause != 300ms);
  }
  EXPECT_EQ(p.refuses, 0);
  EXPECT_TRUE(pool.try_acquire()) << "one that went well ends it";
  p.refuses = 1;
  auto held = pool.acquire();
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  clock.advance(100ms);
  EXPECT_TRUE(pool.try_acquire()) << "and the pauses begin anew";
}

TEST(ResourceWaiting, a_pause_ends_by_itself) {
  peer p;
  p.refuses = 1;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .retry_first = 5ms, .retry_most = 5ms}};
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  EXPECT_EQ(pool.acquire()->id, 1);
}

TEST(ResourceWaiting, who_comes_when_a_pause_is_over_does_not_overtake_who_waited_for_it) {
  peer p;
  fake_clock clock;
  p.refuses = 1;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .retry_first = 1s, .retry_most = 1s},
                           clock};
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  clock.pass(1s);
  EXPECT_FALSE(pool.try_acquire());
  clock.advance(0s);
  w.join();
  EXPECT_EQ(w.got->id, 1);
}

TEST(ResourceWaiting, who_waits_while_nothing_may_be_opened_takes_what_comes_back) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2, .retry_first = 1h, .retry_most = 1h},
                           clock};
  auto held = pool.acquire();
  p.refuses = 1;
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 1);
}

// Only the first in the queue knows when a pause is over; here it leaves, with what came back.
TEST(ResourceWaiting, who_is_served_during_a_pause_leaves_somebody_who_knows_its_end) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2, .retry_first = 50ms, .retry_most = 50ms}};
  auto a = pool.acquire();
  auto b = pool.acquire();
  waiting_thread first(pool, [&](std::error_code& why) { return pool.acquire(why); });
  waiting_thread second(pool, [&](std::error_code& why) { return pool.acquire(why); });
  waiting_thread third(pool, [&](std::error_code& why) { return pool.acquire_for(20s, why); });
  p.refuses = 1;
  a.discard();
  first.join();
  EXPECT_TRUE(first.thrown);
  b.reset();
  second.join();
  third.join();
  EXPECT_TRUE(second.got);
  EXPECT_TRUE(third.got) << "there is a place for a second one";
}

TEST(ResourceWaiting, who_waits_when_a_pause_begins_hears_of_its_end) {
  peer p;
  std::binary_semaphore may_go(0);
  std::atomic<int> calls{0};
  resource_pool<link> pool{{.make =
                                [&] {
                                  if (++calls > 1) return std::make_unique<link>(p);
                                  may_go.acquire();
                                  throw ebb::test::refused_by_peer();
                                },
                            .capacity = 2,
                            .max_opening = 1,
                            .retry_first = 20ms,
                            .retry_most = 20ms}};
  std::thread fails([&] { EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer); });
  ASSERT_TRUE(comes_to(pool, &resource_stats::opening, 1));
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire_for(20s, why); });
  may_go.release();
  fails.join();
  w.join();
  EXPECT_TRUE(w.got);
}

}  // namespace
