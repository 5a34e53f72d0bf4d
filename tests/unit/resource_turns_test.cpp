// Whose turn it is, how many are opened, and what is closed, when several things happen at once. Each test
// is of something that this pool once did wrong.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <ebb/keyed_resource_pool.hpp>
#include <ebb/resource_pool.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>
#include <support/waiting.hpp>

namespace {

using ebb::close_reason;
using ebb::keyed_resource_pool;
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
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

// The pause was doubled for each of them.
TEST(ResourceTurns, openings_that_fail_together_make_one_pause) {
  peer p;
  fake_clock clock;
  std::counting_semaphore<8> may_go(0);
  std::atomic<int> connecting{0};
  std::atomic<bool> is_down{true};
  resource_pool<link> pool{{.make =
                                [&] {
                                  if (is_down) {
                                    ++connecting;
                                    may_go.acquire();
                                    throw ebb::test::refused_by_peer();
                                  }
                                  return std::make_unique<link>(p);
                                },
                            .capacity = 4,
                            .retry_first = 100ms,
                            .retry_most = 1h},
                           clock};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] { EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer); });
  }
  ASSERT_TRUE(eventually([&] { return connecting == 4; }));
  is_down = false;
  may_go.release(4);
  for (std::thread& t : callers) t.join();
  EXPECT_FALSE(pool.try_acquire()) << "it is paused";
  clock.advance(100ms);
  EXPECT_TRUE(pool.try_acquire());
}

// The place went to who had come meanwhile.
TEST(ResourceTurns, who_finds_one_that_is_over_opens_another_before_who_came_later) {
  peer p;
  fake_clock clock;
  std::binary_semaphore may_go(0);
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 1,
                            .on_close =
                                [&](link&, close_reason why) {
                                  if (why == close_reason::lifetime) may_go.acquire();
                                },
                            .max_lifetime = 1h},
                           clock};
  pool.prewarm(1);
  clock.pass(2h);
  lease<link> got;
  std::atomic<bool> is_done{false};
  std::thread first([&] {
    got = pool.acquire();
    is_done = true;
  });
  ASSERT_TRUE(comes_to(pool, &resource_stats::closing, 1));
  waiting_thread second(pool, [&](std::error_code& why) { return pool.acquire(why); });
  may_go.release();
  EXPECT_TRUE(eventually([&] { return is_done.load(); }));
  if (!is_done) {
    second.join();
    second.got.reset();
  }
  first.join();
  EXPECT_EQ(got->id, 2);
  EXPECT_EQ(pool.stats().waiters, 1u);
  got.reset();
}

// All of them were closed, one after the other, before it looked at the time.
TEST(ResourceTurns, a_deadline_holds_while_those_that_are_over_are_closed) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 3,
                            .on_close = [&](link&, close_reason) { clock.pass(100ms); },
                            .max_lifetime = 1h},
                           clock};
  pool.prewarm(3);
  clock.pass(2h);
  std::error_code why;
  EXPECT_TRUE(pool.acquire_for(50ms, why)) << "in the place of the first";
  EXPECT_EQ(closed_for(pool.stats(), close_reason::lifetime), 1u);
}

// With others' place, max_opening was not asked.
TEST(ResourceTurns, no_more_are_opened_at_a_time_in_the_places_of_other_keys) {
  peer p;
  std::counting_semaphore<8> may_close(0);
  keyed_resource_pool<std::string, link> pool{
      {.make = [&](const std::string&) { return std::make_unique<link>(p); },
       .all = {.capacity = 3,
               .on_close =
                   [&](link&, close_reason why) {
                     if (why == close_reason::evicted) may_close.acquire();
                   },
               .max_opening = 1}}};
  {
    const auto a = pool.at("a").acquire();
    const auto b = pool.at("a").acquire();
    const auto c = pool.at("a").acquire();
  }
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) callers.emplace_back([&] { pool.at("b").acquire().discard(); });
  ASSERT_TRUE(comes_to(pool, &resource_stats::closing, 1));
  EXPECT_TRUE(comes_to(pool, &resource_stats::waiters, 2));
  may_close.release(3);
  for (std::thread& t : callers) t.join();
}

// It heard of it only when the one that took the place had been opened.
TEST(ResourceTurns, who_waits_for_the_key_of_one_that_is_evicted_takes_another_place_at_once) {
  peer p;
  std::binary_semaphore may_close(0);
  std::binary_semaphore may_open(0);
  std::atomic<int> closed{0};
  keyed_resource_pool<std::string, link> pool{{.make =
                                                   [&](const std::string& key) {
                                                     if (key == "b") may_open.acquire();
                                                     return std::make_unique<link>(p);
                                                   },
                                               .capacity_per_key = 1,
                                               .all = {.capacity = 2, .on_close = [&](link&, close_reason) {
                                                         if (++closed == 1) may_close.acquire();
                                                       }}}};
  pool.at("a").acquire().reset();
  pool.at("c").acquire().reset();
  std::thread other([&] { (void)pool.at("b").acquire(); });
  ASSERT_TRUE(eventually([&] { return closed == 1; })) << "that of a, which came back first";
  std::atomic<bool> is_there{false};
  waiting_thread w(pool, [&](std::error_code& why) {
    auto got = pool.at("a").acquire(why);
    is_there = true;
    return got;
  });
  may_close.release();
  EXPECT_TRUE(eventually([&] { return is_there.load(); })) << "in the place of c";
  may_open.release();
  other.join();
}

// Each call had another one begun.
TEST(ResourceTurns, one_caller_after_the_other_has_one_opened_elsewhere_and_no_more) {
  peer p;
  std::vector<ebb::opening<link>> begun;
  resource_pool<link> pool{
      {.make_async = [&](ebb::opening<link> o) { begun.push_back(std::move(o)); }, .capacity = 10}};
  EXPECT_FALSE(pool.try_acquire());
  EXPECT_FALSE(pool.try_acquire());
  std::error_code why;
  EXPECT_FALSE(pool.acquire_for(1ms, why));
  EXPECT_EQ(why, pool_errc::timed_out);
  EXPECT_FALSE(pool.acquire_for(1ms, why));
  EXPECT_EQ(begun.size(), 1u);
  std::move(begun.front()).succeed(std::make_unique<link>(p));
  EXPECT_TRUE(pool.try_acquire());
}

// A check counted as a return.
TEST(ResourceTurns, checks_in_the_background_do_not_change_who_came_back_last) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 3,
                            .check = ebb::test::ping,
                            .check_after_idle = 1h,
                            .check_every = 60s},
                           clock};
  std::vector<lease<link>> out;
  for (int i = 0; i < 3; ++i) out.push_back(pool.acquire());
  out[0].reset();
  clock.advance(1s);
  out[1].reset();
  clock.advance(50s);
  out[2].reset();
  clock.advance(15s);
  pool.look_after();  // of the first two
  for (const int id : {3, 2, 1}) out[static_cast<std::size_t>(id - 1)] = pool.acquire();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)]->id, i + 1);
}

// It was refused as one too many, because another one had come meanwhile.
TEST(ResourceTurns, who_has_waited_may_wait_again) {
  peer p;
  std::binary_semaphore may_go(0);
  std::atomic<int> checks{0};
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 2,
                            .check =
                                [&](link&) {
                                  if (++checks > 1) return true;
                                  may_go.acquire();
                                  return false;
                                },
                            .max_waiters = 1}};
  auto a = pool.acquire();
  auto b = pool.acquire();
  waiting_thread first(pool, [&](std::error_code& why) { return pool.acquire(why); });
  a.reset();
  ASSERT_TRUE(eventually([&] { return checks == 1; }));
  waiting_thread second(pool, [&](std::error_code& why) { return pool.acquire(why); });
  pool.set_capacity(1);
  may_go.release();
  EXPECT_TRUE(comes_to(pool, &resource_stats::waiters, 2));
  pool.set_capacity(2);
  first.join();
  EXPECT_TRUE(first.got) << first.why.message();
  b.reset();
}

// All that had been too many at first were closed.
TEST(ResourceTurns, a_capacity_that_is_raised_meanwhile_counts) {
  peer p;
  std::atomic<int> closed{0};
  resource_pool<link>* self = nullptr;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 4, .on_close = [&](link&, close_reason) {
                              if (++closed == 1) self->set_capacity(4);
                            }}};
  self = &pool;
  pool.prewarm(4);
  pool.set_capacity(1);
  EXPECT_EQ(pool.stats().idle, 3u);
  EXPECT_EQ(closed, 1);
}

// A lease that began when the clock said 0 was taken for one that is not watched.
TEST(ResourceTurns, leases_are_watched_from_the_beginning_of_time_on) {
  class from_zero final : public ebb::detail::resource_clock {
   public:
    time_point now() noexcept override { return at; }
    time_point coarse_now() noexcept override { return at; }
    time_point at{};
  } clock;
  peer p;
  int leaks = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 2,
                            .report_after = 1s,
                            .on_leak = [&](const ebb::leak_report&) { ++leaks; }},
                           clock};
  pool.acquire().discard();
  const auto held = pool.acquire();
  clock.at += 2s;
  pool.look_after();
  EXPECT_EQ(leaks, 1);
}

}  // namespace
