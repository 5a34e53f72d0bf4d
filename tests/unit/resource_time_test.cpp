// What time does to resources, on a clock that is driven by hand; look_after() is what the background
// thread calls.
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <ebb/resource_pool.hpp>
#include <support/child.hpp>
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
using ebb::test::fake_clock;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::ping;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

TEST(ResourceTime, idle_ones_are_closed_after_the_time_out_but_for_those_to_be_kept) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 5, .idle_timeout = 10s, .keep_at_least = 2},
                           clock};
  pool.prewarm(5);
  clock.advance(6s);
  pool.acquire().reset();  // the newest is used once more
  clock.advance(4s - 1ns);
  pool.look_after();
  EXPECT_EQ(p.open, 5);
  clock.advance(1ns);
  pool.look_after();
  EXPECT_EQ(p.open, 2);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::idle), 3u);
  EXPECT_EQ(pool.acquire()->id, 5) << "the oldest went first";
  clock.advance(1h);
  pool.look_after();
  EXPECT_EQ(p.open, 2);
}

TEST(ResourceTime, so_many_are_kept_open_and_opened_again) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 4, .keep_at_least = 3}, clock};
  pool.look_after();
  EXPECT_EQ(pool.stats().idle, 3u);
  pool.acquire().discard();
  p.refuses = 1;
  pool.look_after();
  EXPECT_EQ(p.open, 2) << "the peer said no";
  pool.look_after();
  EXPECT_EQ(p.open, 3);
  pool.close();
  pool.look_after();
  EXPECT_EQ(p.open, 0);
}

TEST(ResourceTime, one_that_has_lived_its_time_is_closed_also_where_it_is_never_idle) {
  peer p;
  fake_clock clock;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .max_lifetime = 1min}, clock};
  auto hot = pool.acquire();
  clock.advance(1min - 1ns);
  hot = {};
  hot = pool.acquire();
  EXPECT_EQ(hot->id, 1);
  clock.advance(1ns);
  EXPECT_EQ(p.open, 1) << "not while somebody has it";
  hot = {};
  EXPECT_EQ(p.open, 0);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::lifetime), 1u);
  // An idle one is not handed out, whether somebody looked after it or not.
  pool.acquire().reset();
  clock.advance(1min);
  EXPECT_EQ(pool.acquire()->id, 3);
  clock.advance(1min);
  pool.look_after();
  EXPECT_EQ(p.open, 0);
}

// pgx #1437, vitess: with a jitter that is drawn anew at each return the shortest of many draws counts, and
// all are closed soon after the lifetime.
TEST(ResourceTime, jitter_is_drawn_once_and_spreads_the_ends_of_those_that_were_opened_together) {
  peer p;
  fake_clock clock;
  constexpr int links = 200;
  resource_pool<link> pool{
      {.make = connect_to(p), .capacity = links, .max_lifetime = 100s, .lifetime_jitter = 100s}, clock};
  pool.prewarm(links);
  std::vector<int> left;
  for (int s = 1; s <= 200; ++s) {
    clock.advance(1s);
    for (int uses = 0; uses < 3; ++uses) {
      std::vector<lease<link>> all;
      while (auto l = pool.try_acquire()) {
        if (l->id > links) {  // a new one in place of one that has ended
          l.discard();
          break;
        }
        all.push_back(std::move(l));
      }
    }
    pool.look_after();
    left.push_back(p.open);
  }
  EXPECT_EQ(left[98], links);
  EXPECT_NEAR(left[149], links / 2, 30);
  EXPECT_LE(left[199], 1);
  EXPECT_GE(left[109], links - 40);
}

TEST(ResourceTime, idle_ones_are_checked_in_the_background_and_it_is_no_use) {
  peer p;
  fake_clock clock;
  int checks = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 2,
                            .check =
                                [&](link& l) {
                                  ++checks;
                                  return ping(l);
                                },
                            .check_after_idle = 1h,
                            .check_every = 10s,
                            .idle_timeout = 25s},
                           clock};
  link* broken = nullptr;
  {
    auto a = pool.acquire();
    auto b = pool.acquire();
    broken = b.get();
  }
  clock.advance(9s);
  pool.look_after();
  EXPECT_EQ(checks, 0);
  clock.advance(1s);
  pool.look_after();
  pool.look_after();
  EXPECT_EQ(checks, 2);
  broken->works = false;
  clock.advance(10s);
  pool.look_after();
  EXPECT_EQ(p.open, 1);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::broken), 1u);
  clock.advance(5s);
  pool.look_after();
  EXPECT_EQ(p.open, 0) << "25 s after its last use";
  EXPECT_EQ(closed_for(pool.stats(), close_reason::idle), 1u);
}

TEST(ResourceTime, a_check_before_use_is_made_only_after_so_long) {
  peer p;
  fake_clock clock;
  int checks = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 1,
                            .check =
                                [&](link& l) {
                                  ++checks;
                                  return ping(l);
                                },
                            .check_after_idle = 1s},
                           clock};
  for (int i = 0; i < 3; ++i) pool.acquire().reset();
  clock.advance(1s - 1ns);
  pool.acquire().reset();
  EXPECT_EQ(checks, 0);
  clock.advance(1s);
  pool.acquire().reset();
  EXPECT_EQ(checks, 1);
}

// HikariCP #588: each of several dead connections was asked in turn, and took its time.
TEST(ResourceTime, the_deadline_is_looked_at_between_one_failed_check_and_the_next) {
  peer p;
  fake_clock clock;
  int checks = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 10,
                            .check =
                                [&](link&) {
                                  ++checks;
                                  clock.pass(200ms);
                                  return false;
                                }},
                           clock};
  pool.prewarm(10);
  std::error_code why;
  EXPECT_FALSE(pool.acquire_for(250ms, why));
  EXPECT_EQ(why, pool_errc::timed_out);
  EXPECT_EQ(checks, 2);
  const ebb::resource_stats s = pool.stats();
  EXPECT_EQ(s.idle, 8u);
  EXPECT_EQ(s.open(), 8u) << "nor is another one opened";
  EXPECT_EQ(s.timed_out, 1u);
}

TEST(ResourceTime, a_lease_that_is_held_for_long_is_reported_once_with_the_place_of_its_acquire) {
  peer p;
  fake_clock clock;
  std::vector<std::string> reports;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 2,
                            .report_after = 30s,
                            .on_leak =
                                [&](const ebb::leak_report& leak) {
                                  reports.push_back(leak.pool + " " + std::to_string(leak.held / 1s) +
                                                    " s " + std::to_string(leak.acquired_at.line));
                                },
                            .name = "orders"},
                           clock};
  auto held = pool.acquire();
  const auto line = ebb::code_location::current().line - 1;
  pool.acquire().reset();
  clock.advance(30s - 1ns);
  pool.look_after();
  EXPECT_TRUE(reports.empty());
  clock.advance(2s);
  pool.look_after();
  clock.advance(1h);
  pool.look_after();
  EXPECT_EQ(reports, std::vector{"orders 31 s " + std::to_string(line)});
  held.reset();
  held = pool.acquire();
  clock.advance(31s);
  pool.look_after();
  EXPECT_EQ(reports.size(), 2u) << "each lease for itself";
}

TEST(ResourceTime, a_check_that_takes_long_is_no_lease_that_is_held_for_long) {
  peer p;
  fake_clock clock;
  std::binary_semaphore may_go(0);
  std::atomic<bool> checks{false};
  int reports = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 1,
                            .check =
                                [&](link&) {
                                  checks = true;
                                  may_go.acquire();
                                  return true;
                                },
                            .report_after = 30s,
                            .on_leak = [&](const ebb::leak_report&) { ++reports; }},
                           clock};
  pool.acquire().reset();
  clock.advance(1h);
  std::thread slow([&] { pool.acquire().reset(); });
  ASSERT_TRUE(ebb::test::eventually([&] { return checks.load(); }));
  pool.look_after();
  EXPECT_EQ(reports, 0);
  may_go.release();
  slow.join();
}

// puddle: two thirds of an acquire was reading the clock.
TEST(ResourceTime, the_clock_is_not_read_where_no_limit_needs_it) {
  struct counting_clock final : ebb::detail::resource_clock {
    time_point now() noexcept override {
      ++reads;
      return resource_clock::now();
    }
    time_point coarse_now() noexcept override {
      ++coarse_reads;
      return resource_clock::now();
    }
    int reads = 0;
    int coarse_reads = 0;
  } clock;
  peer p;
  {
    resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}, clock};
    const int before = clock.reads;
    for (int i = 0; i < 10; ++i) pool.acquire().reset();
    EXPECT_EQ(clock.reads, before);
    EXPECT_EQ(clock.coarse_reads, 0);
  }
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .idle_timeout = 1h}, clock};
  const int before = clock.reads;
  for (int i = 0; i < 10; ++i) pool.acquire().reset();
  EXPECT_EQ(clock.reads, before);
  EXPECT_EQ(clock.coarse_reads, 10) << "one each, when it comes back";
}

TEST(ResourceTime, the_background_thread_does_all_that_by_itself) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 4, .idle_timeout = 8ms, .keep_at_least = 1}};
  EXPECT_TRUE(ebb::test::eventually([&] { return p.open == 1; }));
  pool.prewarm(4);
  EXPECT_TRUE(ebb::test::eventually([&] { return p.open == 1; }));
  for (int i = 0; i < 50; ++i) {  // pools come and go while it looks after others
    resource_pool<link> other{{.make = connect_to(p), .capacity = 2, .idle_timeout = 8ms}};
    other.acquire().reset();
  }
}

TEST(ResourceTime, the_child_of_a_fork_closes_nothing_of_its_parent_and_opens_its_own) {
  if (ebb::test::under_tsan) {
    GTEST_SKIP() << "ThreadSanitizer allows no new thread after a fork with threads";
  }
  peer p;
  bool closes = false;
  int returns = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 3,
                            .on_return = [&](link&) { return ++returns > 0; },
                            .on_close = [&](link&, close_reason) { closes = true; },
                            .idle_timeout = 1h}};
  auto held = pool.acquire();
  auto other = pool.acquire();
  pool.prewarm(3);
  EXPECT_EQ(ebb::test::in_child([&] {
              if (pool.stats().open() != 0) return 1;
              auto own = pool.acquire();
              if (own->id != 4 || pool.stats().in_use != 1) return 2;
              held.reset();     // the parent's
              other.discard();  // likewise
              if (returns != 0) return 6;
              if (closes || pool.stats().in_use != 1 || pool.stats().idle != 0) return 3;
              own.reset();
              if (pool.stats().idle != 1) return 4;
              pool.close();
              return closes && pool.stats().open() == 0 ? 0 : 5;
            }),
            0);
  EXPECT_EQ(pool.stats().open(), 3u);
  EXPECT_FALSE(closes);
}

// Whoever calls it knows that the other side is back.
TEST(ResourceTime, a_pause_after_a_failure_is_over_with_reset_for_who_waits_and_for_who_comes) {
  peer p;
  fake_clock clock;
  p.refuses = 1;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2, .retry_first = 1h, .retry_most = 1h},
                           clock};
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  EXPECT_FALSE(pool.try_acquire());
  waiting_thread w(pool, [&](std::error_code& why) { return pool.acquire(why); });
  pool.reset();
  EXPECT_TRUE(comes_to(pool, &resource_stats::waiters, 0));
  const auto other = pool.try_acquire();
  EXPECT_TRUE(other);
  clock.advance(1h);  // so that this ends if it was not over
  w.join();
  EXPECT_EQ(p.opened, 2);
}

}  // namespace
