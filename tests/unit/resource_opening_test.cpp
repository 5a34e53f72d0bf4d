// Openings that go on elsewhere: the test ends each by hand, when it likes.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <ebb/resource_pool.hpp>
#include <support/child.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>
#include <support/waiting.hpp>

namespace {

using ebb::close_reason;
using ebb::lease;
using ebb::opening;
using ebb::pool_errc;
using ebb::resource_pool;
using ebb::test::closed_for;
using ebb::test::eventually;
using ebb::test::fake_clock;
using ebb::test::in_child;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

// What was begun, in that order.
class openings {
 public:
  auto begin() {
    return [this](opening<link> o) {
      const std::lock_guard lock(mutex_);
      begun_.push_back(std::move(o));
      ++count_;
    };
  }
  [[nodiscard]] int count() const { return count_; }
  opening<link> next() {
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      return !begun_.empty();
    }));
    const std::lock_guard lock(mutex_);
    opening<link> o = std::move(begun_.front());
    begun_.pop_front();
    return o;
  }
  void succeed(peer& p) { next().succeed(std::make_unique<link>(p)); }
  void fail() { next().fail(std::make_exception_ptr(ebb::test::refused_by_peer())); }
  void drop() { (void)next(); }

 private:
  std::mutex mutex_;
  std::deque<opening<link>> begun_;
  std::atomic<int> count_{0};
};

auto acquires(resource_pool<link>& pool) {
  return [&pool](std::error_code& why) { return pool.acquire(why); };
}

bool is_refusal(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const ebb::test::refused_by_peer&) {
    return true;
  } catch (const std::exception&) {}
  return false;
}

std::string what_it_says(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const std::logic_error& e) {
    return e.what();
  }
  return "";
}

TEST(ResourceOpening, who_had_it_begun_waits_in_the_queue_and_gets_it) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 2}};
  waiting_thread w(pool, acquires(pool));
  EXPECT_TRUE(eventually([&] { return all.count() == 1; }));
  EXPECT_EQ(pool.stats().opening, 1u);
  all.succeed(p);
  w.join();
  EXPECT_EQ(w.got->id, 1);
  EXPECT_EQ(pool.stats().opened, 1u);
  EXPECT_EQ(pool.stats().opening, 0u);
  EXPECT_EQ(pool.stats().in_use, 1u);
  EXPECT_EQ(pool.stats().acquired_after_waiting, 1u);
}

TEST(ResourceOpening, it_may_end_before_options_make_async_returns) {
  peer p;
  int way = 0;
  resource_pool<link> pool{{.make_async =
                                [&](opening<link> o) {
                                  switch (way) {
                                    case 0: return std::move(o).succeed(std::make_unique<link>(p));
                                    case 1:
                                      return std::move(o).fail(
                                          std::make_exception_ptr(ebb::test::refused_by_peer()));
                                    case 2: throw ebb::test::refused_by_peer();
                                    case 3: return std::move(o).succeed(nullptr);
                                    case 4: return std::move(o).fail(nullptr);
                                    default: return;
                                  }
                                },
                            .capacity = 1,
                            .name = "p"}};
  pool.acquire().discard();
  EXPECT_EQ(p.opened, 1);
  for (way = 1; way <= 2; ++way) EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  for (way = 3; way <= 5; ++way) {
    std::exception_ptr thrown;
    try {
      (void)pool.acquire();
    } catch (...) {
      thrown = std::current_exception();
    }
    EXPECT_EQ(what_it_says(thrown),
              "ebb::resource_pool \"p\": options.make_async gave its opening up without a result")
        << way;
  }
  EXPECT_EQ(pool.stats().failed_to_open, 5u);
  EXPECT_EQ(pool.stats().opening, 0u);
  way = 0;
  EXPECT_TRUE(pool.acquire());
}

TEST(ResourceOpening, a_failure_reaches_who_had_it_begun_also_if_others_wait_longer) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 2}};
  waiting_thread first(pool, acquires(pool));
  auto firsts = all.next();
  waiting_thread second(pool, acquires(pool));
  all.fail();
  second.join();
  EXPECT_TRUE(is_refusal(second.thrown));
  EXPECT_EQ(pool.stats().waiters, 1u);
  std::move(firsts).succeed(std::make_unique<link>(p));
  first.join();
  EXPECT_TRUE(first.got);
}

TEST(ResourceOpening, a_failure_is_also_to_drop_it_later) {
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1, .name = "p"}};
  waiting_thread w(pool, acquires(pool));
  all.drop();
  w.join();
  EXPECT_EQ(what_it_says(w.thrown),
            "ebb::resource_pool \"p\": options.make_async gave its opening up without a result");
  EXPECT_EQ(pool.stats().failed_to_open, 1u);
  EXPECT_EQ(pool.stats().open(), 0u);
}

TEST(ResourceOpening, one_that_another_is_assigned_to_is_given_up) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 2}};
  EXPECT_EQ(pool.prewarm(2), 2u);
  auto a = all.next();
  a = all.next();
  EXPECT_EQ(pool.stats().failed_to_open, 1u);
  EXPECT_EQ(pool.stats().opening, 1u);
  std::move(a).succeed(std::make_unique<link>(p));
  std::move(a).fail(std::make_exception_ptr(1));
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.stats().failed_to_open, 1u);
}

TEST(ResourceOpening, if_who_had_it_begun_has_left_it_goes_to_others_or_is_idle) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1}};
  std::error_code why;
  EXPECT_FALSE(pool.acquire_for(1ms, why));
  EXPECT_EQ(why, pool_errc::timed_out);
  waiting_thread w(pool, acquires(pool));
  EXPECT_EQ(all.count(), 1) << "one is under way";
  all.succeed(p);
  w.join();
  EXPECT_EQ(w.got->id, 1);
  w.got.discard();
  EXPECT_FALSE(pool.acquire_for(1ms, why));
  all.succeed(p);
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.try_acquire()->id, 2);
}

TEST(ResourceOpening, a_failure_that_nobody_asked_for_reaches_who_waits_longest_or_is_counted) {
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1}};
  std::error_code why;
  EXPECT_FALSE(pool.acquire_for(1ms, why));
  all.fail();
  EXPECT_EQ(pool.stats().failed_to_open, 1u);
  EXPECT_FALSE(pool.acquire_for(1ms, why));
  waiting_thread first(pool, acquires(pool));
  waiting_thread second(pool, acquires(pool));
  all.fail();
  first.join();
  EXPECT_TRUE(is_refusal(first.thrown));
  all.fail();  // which the second had begun in the place of that one
  second.join();
  EXPECT_TRUE(is_refusal(second.thrown));
}

TEST(ResourceOpening, what_comes_back_first_is_taken_and_what_was_opened_is_idle) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 2}};
  pool.prewarm(1);
  all.succeed(p);
  auto held = pool.acquire();
  waiting_thread w(pool, acquires(pool));
  auto late = all.next();
  held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 1);
  std::move(late).succeed(std::make_unique<link>(p));
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ResourceOpening, one_for_each_who_waits_and_no_more_than_there_are_places) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 2}};
  waiting_thread a(pool, acquires(pool));
  pool.set_capacity(3);
  pool.set_capacity(2);
  EXPECT_TRUE(eventually([&] { return all.count() == 1; })) << "one that waits needs one";
  waiting_thread b(pool, acquires(pool));
  waiting_thread c(pool, acquires(pool));
  EXPECT_TRUE(eventually([&] { return all.count() == 2; }));
  EXPECT_EQ(pool.stats().opening, 2u);
  all.succeed(p);
  all.succeed(p);
  a.join();
  b.join();
  EXPECT_TRUE(a.got && b.got);
  EXPECT_EQ(all.count(), 2);
  a.got.discard();
  EXPECT_TRUE(eventually([&] { return all.count() == 3; })) << "a place is free, and one waits";
  all.succeed(p);
  c.join();
  EXPECT_EQ(c.got->id, 3);
}

TEST(ResourceOpening, only_so_many_at_once_and_the_next_when_one_has_ended) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 4, .max_opening = 1}};
  waiting_thread a(pool, acquires(pool));
  waiting_thread b(pool, acquires(pool));
  EXPECT_TRUE(eventually([&] { return all.count() == 1; }) && pool.stats().opening == 1);
  all.succeed(p);
  all.fail();
  a.join();
  b.join();
  EXPECT_TRUE(a.got);
  EXPECT_TRUE(is_refusal(b.thrown));
}

TEST(ResourceOpening, try_acquire_has_one_begun_and_does_not_wait_for_it) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1}};
  std::error_code why;
  EXPECT_FALSE(pool.try_acquire(why));
  EXPECT_EQ(why, pool_errc::not_available);
  EXPECT_EQ(pool.stats().opening, 1u);
  all.succeed(p);
  EXPECT_EQ(pool.try_acquire()->id, 1);
}

TEST(ResourceOpening, prewarm_has_them_begun_and_counts_those) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 4}};
  EXPECT_EQ(pool.prewarm(2), 2u);
  EXPECT_EQ(pool.prewarm(2), 0u);
  all.succeed(p);
  all.succeed(p);
  EXPECT_EQ(pool.stats().idle, 2u);
}

TEST(ResourceOpening, upkeep_has_so_many_begun_as_are_to_be_kept) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 4, .keep_at_least = 3}};
  for (int i = 0; i < 3; ++i) {
    pool.look_after();
    all.succeed(p);
  }
  EXPECT_EQ(pool.stats().idle, 3u);
  pool.look_after();
  EXPECT_EQ(all.count(), 3);
}

TEST(ResourceOpening, one_that_was_begun_before_reset_is_closed_and_another_begun) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1}};
  waiting_thread w(pool, acquires(pool));
  auto old = all.next();
  pool.reset();
  std::move(old).succeed(std::make_unique<link>(p));
  all.succeed(p);
  w.join();
  EXPECT_EQ(w.got->id, 2);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::reset), 1u);
}

TEST(ResourceOpening, close_waits_for_it_and_its_result_is_closed) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1}};
  waiting_thread w(pool, acquires(pool));
  auto o = all.next();
  EXPECT_FALSE(pool.close(1ms));
  w.join();
  EXPECT_EQ(w.why, pool_errc::closed);
  std::thread closer([&] { EXPECT_TRUE(pool.close(1h)); });
  std::move(o).succeed(std::make_unique<link>(p));
  closer.join();
  EXPECT_EQ(p.open, 0);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::closed), 1u);
}

TEST(ResourceOpening, may_end_when_the_pool_is_gone) {
  peer p;
  openings all;
  {
    resource_pool<link> pool{{.make_async = all.begin(), .capacity = 3}};
    pool.prewarm(3);
  }
  all.succeed(p);
  EXPECT_EQ(p.opened, 1);
  EXPECT_EQ(p.open, 0);
  all.fail();
  all.drop();
}

TEST(ResourceOpening, its_lifetime_begins_when_it_is_open) {
  peer p;
  openings all;
  fake_clock clock;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1, .max_lifetime = 1min}, clock};
  pool.prewarm(1);
  clock.advance(1min);
  all.succeed(p);
  clock.advance(1min - 1ns);
  EXPECT_TRUE(pool.acquire());
  clock.advance(1ns);
  pool.look_after();
  EXPECT_EQ(p.open, 0);
}

TEST(ResourceOpening, none_is_begun_in_the_pause_after_a_failure) {
  peer p;
  openings all;
  fake_clock clock;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 2, .retry_first = 1h, .retry_most = 1h},
                           clock};
  EXPECT_EQ(pool.prewarm(1), 1u);
  all.fail();
  waiting_thread w(pool, acquires(pool));
  EXPECT_EQ(pool.prewarm(1), 0u);
  clock.advance(30min - 1ns);
  EXPECT_EQ(all.count(), 1);
  clock.advance(30min + 1ns);
  all.succeed(p);
  w.join();
  EXPECT_TRUE(w.got);
}

// Only the first in the queue knows when a pause is over; here it leaves, with what it is told.
TEST(ResourceOpening, who_is_told_of_a_failure_leaves_somebody_who_knows_when_the_pause_is_over) {
  peer p;
  openings all;
  resource_pool<link> pool{
      {.make_async = all.begin(), .capacity = 1, .retry_first = 20ms, .retry_most = 20ms}};
  waiting_thread first(pool, acquires(pool));
  waiting_thread second(pool, [&](std::error_code& why) { return pool.acquire_for(20s, why); });
  all.fail();
  first.join();
  EXPECT_TRUE(is_refusal(first.thrown));
  all.succeed(p);
  second.join();
  EXPECT_TRUE(second.got);
}

TEST(ResourceOpening, options_that_exclude_each_other_are_not_accepted) {
  openings all;
  peer p;
  try {
    const resource_pool<link> pool{
        {.make = ebb::test::connect_to(p), .make_async = all.begin(), .capacity = 1, .name = "p"}};
    ADD_FAILURE();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(),
                 "ebb::resource_pool \"p\": options.make and options.make_async are given; valid is one");
  }
}

TEST(ResourceOpening, one_that_the_parent_began_is_not_the_childs) {
  peer p;
  openings all;
  resource_pool<link> pool{{.make_async = all.begin(), .capacity = 1}};
  pool.prewarm(1);
  EXPECT_EQ(in_child([&] {
              all.succeed(p);
              if (pool.stats().open() != 0 || pool.stats().opened != 0) return 1;
              pool.prewarm(1);
              all.succeed(p);
              if (pool.acquire()->id != 2) return 2;
              return pool.close() ? 0 : 3;
            }),
            0);
  all.succeed(p);
  EXPECT_EQ(pool.stats().idle, 1u);
}

// It would wait for what the parent's thread is going to bring.
TEST(ResourceOpening, who_forks_in_options_make_async_is_refused_in_the_child) {
  peer p;
  openings all;
  bool is_child = false;
  int status = -1;
  resource_pool<link> pool{{.make_async =
                                [&](opening<link> o) {
                                  all.begin()(std::move(o));
                                  const pid_t child = is_child ? 0 : fork();
                                  if (child == 0) {
                                    alarm(20);
                                    is_child = true;
                                  } else {
                                    EXPECT_EQ(waitpid(child, &status, 0), child);
                                    all.succeed(p);
                                  }
                                },
                            .capacity = 1}};
  std::error_code why;
  const auto l = pool.acquire(why);
  if (is_child) {
    const bool was_refused = !l && why == pool_errc::cancelled && pool.stats().waiters == 0;
    all.drop();
    std::error_code again;
    _exit(was_refused && !pool.try_acquire(again) && again == pool_errc::not_available &&
                  pool.stats().opening == 1
              ? 0
              : 1);
  }
  EXPECT_EQ(l->id, 1);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

class watched_clock final : public ebb::detail::resource_clock {
 public:
  time_point now() noexcept override {
    ++read;
    return resource_clock::now();
  }
  time_point coarse_now() noexcept override { return now(); }
  std::atomic<int> read{0};
};

TEST(ResourceOpening, acquire_for_reads_no_clock_where_one_is_idle) {
  peer p;
  watched_clock clock;
  resource_pool<link> pool{{.make = ebb::test::connect_to(p), .capacity = 1}, clock};
  pool.prewarm(1);
  clock.read = 0;
  pool.acquire_for(1s).reset();
  EXPECT_EQ(clock.read, 0);
  const auto held = pool.acquire();
  std::error_code why;
  EXPECT_FALSE(pool.acquire_for(0s, why));
  EXPECT_GT(clock.read, 0);
}

}  // namespace
