// async_acquire(): cancellation, pools and contexts that end before it does, and forks. Contexts are run
// step by step, so that each test says what happens before what.
#include <ebb/asio.hpp>

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <ebb/keyed_resource_pool.hpp>
#include <ebb/resource_pool.hpp>
#include <support/child.hpp>
#include <support/eventually.hpp>
#include <support/on_asio.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>
#include <support/waiting.hpp>

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using ebb::lease;
using ebb::pool_errc;
using ebb::resource_pool;
using ebb::test::closed_for;
using ebb::test::comes_to;
using ebb::test::connect_to;
using ebb::test::eventually;
using ebb::test::in_child;
using ebb::test::link;
using ebb::test::outcome;
using ebb::test::peer;
using ebb::test::running;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

// One resource, in use, and somebody who waits for it on `io`, and can be cancelled.
struct one_waits {
  explicit one_waits(ebb::resource_pool_options<link> options = {}) {
    options.capacity = 1;
    if (!options.make) options.make = connect_to(p);
    pool.emplace(std::move(options));
    held = pool->acquire();
    io.emplace();
    ask(o);
    io->poll();
    EXPECT_EQ(pool->stats().waiters, 1u);
  }
  void ask(outcome& by) {
    pool->async_acquire(asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(*io, by.sink())));
  }
  void cancel() { signal.emit(asio::cancellation_type::terminal); }
  void run() {
    io->restart();
    io->poll();
  }
  peer p;
  std::optional<resource_pool<link>> pool;
  lease<link> held;
  outcome o;
  asio::cancellation_signal signal;
  std::optional<asio::io_context> io;
};

TEST(ResourceAsyncEnds, a_wait_can_be_cancelled_and_leaves_no_trace) {
  one_waits t;
  t.signal.emit(asio::cancellation_type::none);
  t.run();
  EXPECT_EQ(t.o.ends, 0);
  t.cancel();
  t.run();
  EXPECT_EQ(t.o.ends, 1);
  EXPECT_EQ(t.o.why(), pool_errc::cancelled);
  EXPECT_EQ(t.pool->stats().waiters, 0u);
  EXPECT_EQ(t.pool->stats().cancelled, 1u);
  EXPECT_FALSE(t.signal.slot().has_handler());
  t.held.reset();
  EXPECT_EQ(t.pool->stats().idle, 1u);
}

TEST(ResourceAsyncEnds, a_cancellation_that_comes_at_once_is_not_lost) {
  one_waits t;
  t.cancel();
  t.run();
  outcome o;
  t.ask(o);
  t.cancel();
  t.run();
  EXPECT_EQ(o.why(), pool_errc::cancelled);
  EXPECT_EQ(t.pool->stats().cancelled, 2u);
}

TEST(ResourceAsyncEnds, one_that_is_cancelled_when_it_was_granted_something_keeps_it) {
  one_waits t;
  t.held.reset();
  t.cancel();
  t.run();
  EXPECT_EQ(t.o.got->id, 1);
  EXPECT_EQ(t.o.ends, 1);
  t.cancel();  // nobody listens any more
  t.o.got.reset();
  EXPECT_EQ(t.pool->stats().idle, 1u);
  EXPECT_EQ(t.pool->stats().cancelled, 0u);
}

TEST(ResourceAsyncEnds, a_cancellation_holds_also_if_what_was_granted_before_turns_out_broken) {
  resource_pool<link>* that = nullptr;
  one_waits t({.check = [&](link&) {
    that->set_capacity(0);  // there is nothing to be opened in its place
    return false;
  }});
  that = &*t.pool;
  t.cancel();
  t.held.reset();
  t.run();
  EXPECT_EQ(t.o.why(), pool_errc::cancelled);
  EXPECT_EQ(t.p.open, 0);
  EXPECT_EQ(t.pool->stats().waiters, 0u);
}

TEST(ResourceAsyncEnds, a_deadline_holds_also_if_what_was_granted_before_turns_out_broken) {
  peer p;
  asio::io_context io;
  resource_pool<link>* that = nullptr;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .check = [&](link&) {
                              that->set_capacity(0);
                              return false;
                            }}};
  that = &pool;
  auto held = pool.acquire();
  outcome o;
  pool.async_acquire_for(5ms, asio::bind_executor(io, o.sink()));
  io.poll();
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < 6ms) std::this_thread::yield();
  held.reset();
  io.run();
  EXPECT_EQ(o.why(), pool_errc::timed_out);
  EXPECT_EQ(o.ends, 1);
}

TEST(ResourceAsyncEnds, what_was_granted_is_handed_over_also_if_the_deadline_has_passed_meanwhile) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  for (int granted = 0; granted < 20;) {
    auto held = pool.acquire();
    outcome o;
    pool.async_acquire_for(3ms, asio::bind_executor(io, o.sink()));
    io.poll();
    const bool waits = pool.stats().waiters == 1;  // else this thread was held up until the deadline
    held.reset();
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < 4ms) std::this_thread::yield();
    io.run();
    io.restart();
    ASSERT_EQ(o.ends, 1);
    ASSERT_EQ(static_cast<bool>(o.got), waits);
    if (waits) ++granted;
  }
}

TEST(ResourceAsyncEnds, a_context_that_dies_takes_those_who_wait_out_of_the_queue) {
  one_waits t;
  waiting_thread w(*t.pool, [&](std::error_code& why) { return t.pool->acquire(why); });
  t.io.reset();
  EXPECT_EQ(t.pool->stats().waiters, 1u);
  EXPECT_EQ(t.o.ends, 0);
  t.held.reset();
  w.join();
  EXPECT_EQ(w.got->id, 1);
}

TEST(ResourceAsyncEnds, what_a_context_that_dies_was_granted_goes_to_others) {
  one_waits t;
  waiting_thread w(*t.pool, [&](std::error_code& why) { return t.pool->acquire(why); });
  t.held.reset();
  EXPECT_EQ(t.pool->stats().waiters, 1u) << "granted to the first";
  t.io.reset();
  w.join();
  EXPECT_EQ(w.got->id, 1);
  EXPECT_EQ(t.o.ends, 0);
}

TEST(ResourceAsyncEnds, so_does_a_place_to_open_one) {
  one_waits t;
  t.held.discard();
  EXPECT_EQ(t.pool->stats().opening, 1u);
  t.io.reset();
  EXPECT_EQ(t.pool->stats().open(), 0u);
  EXPECT_EQ(t.pool->try_acquire()->id, 2);
}

TEST(ResourceAsyncEnds, so_does_what_was_about_to_be_handed_over) {
  one_waits t;
  t.cancel();
  t.run();
  t.held.reset();
  outcome o;
  t.ask(o);
  EXPECT_EQ(t.pool->stats().in_use, 1u);
  t.io.reset();
  EXPECT_EQ(t.pool->stats().idle, 1u);
  EXPECT_EQ(o.ends, 0);
}

TEST(ResourceAsyncEnds, so_does_a_place_for_which_something_was_to_be_evicted) {
  peer p;
  ebb::keyed_resource_pool<int, link> pool{
      {.make = [&](const int&) { return std::make_unique<link>(p); }, .all = {.capacity = 1}}};
  std::optional<asio::io_context> io(std::in_place);
  auto held = pool.at(1).acquire();
  outcome o;
  pool.at(2).async_acquire(asio::bind_executor(*io, o.sink()));
  io->poll();
  held.reset();
  EXPECT_EQ(pool.stats().closing, 1u);
  io.reset();
  EXPECT_EQ(pool.stats().open(), 0u);
  EXPECT_EQ(closed_for(pool.stats(), ebb::close_reason::evicted), 1u);
  EXPECT_EQ(pool.at(3).acquire()->id, 2);
}

// All who wait are in the context: each is granted what the one before it is no longer there for.
TEST(ResourceAsyncEnds, many_who_wait_die_with_their_context) {
  one_waits t;
  std::vector<outcome> all(50);
  for (outcome& o : all) t.pool->async_acquire(asio::bind_executor(*t.io, o.sink()));
  co_spawn(
      *t.io,
      [&]() -> asio::awaitable<void> {
        const auto l = co_await t.pool->async_acquire(use_awaitable);
        ADD_FAILURE();
      },
      asio::detached);
  t.run();
  EXPECT_EQ(t.pool->stats().waiters, 52u);
  t.held.reset();
  t.io.reset();
  EXPECT_EQ(t.pool->stats().waiters, 0u);
  EXPECT_EQ(t.pool->stats().idle, 1u);
}

TEST(ResourceAsyncEnds, a_coroutine_that_dies_gives_back_what_it_has) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  {
    asio::io_context io;
    for (int i = 0; i < 2; ++i) {
      co_spawn(
          io,
          [&]() -> asio::awaitable<void> {
            const auto l = co_await pool.async_acquire(use_awaitable);
            (void)co_await pool.async_acquire(use_awaitable);  // in vain
          },
          asio::detached);
    }
    io.poll();
    EXPECT_EQ(pool.stats().waiters, 2u);
    EXPECT_EQ(pool.stats().in_use, 1u);
  }
  EXPECT_EQ(pool.stats().waiters, 0u);
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ResourceAsyncEnds, contexts_die_while_other_threads_give_back) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2}};
  for (int i = 0; i < 400 / ebb::test::slowdown + 50; ++i) {
    std::vector<lease<link>> held;
    held.push_back(pool.acquire());
    held.push_back(pool.acquire());
    std::optional<asio::io_context> io(std::in_place);
    std::vector<outcome> all(4);
    for (outcome& o : all) pool.async_acquire(asio::bind_executor(*io, o.sink()));
    io->poll();
    ebb::test::run_together(
        3, [&](int me) { me == 2 ? io.reset() : held[static_cast<std::size_t>(me)].reset(); });
    ASSERT_EQ(pool.stats().waiters, 0u);
    ASSERT_EQ(pool.stats().idle, 2u);
  }
  EXPECT_EQ(p.opened, 2);
}

TEST(ResourceAsyncEnds, close_refuses_who_waits_and_who_comes) {
  one_waits t;
  EXPECT_FALSE(t.pool->close(0s));
  t.run();
  EXPECT_EQ(t.o.why(), pool_errc::closed);
  outcome o;
  t.ask(o);
  t.run();
  EXPECT_EQ(o.why(), pool_errc::closed);
  t.held.reset();
  EXPECT_TRUE(t.pool->close());
}

TEST(ResourceAsyncEnds, who_waits_when_the_pool_is_destroyed_is_refused) {
  one_waits t;
  outcome late;
  t.ask(late);  // has not run yet
  t.pool.reset();
  t.run();
  EXPECT_EQ(t.o.why(), pool_errc::closed);
  EXPECT_EQ(late.why(), pool_errc::closed);
  EXPECT_EQ(t.p.open, 1);
  t.held.reset();
  EXPECT_EQ(t.p.open, 0);
}

TEST(ResourceAsyncEnds, what_was_granted_when_the_pool_is_destroyed_is_closed_and_refused) {
  one_waits t;
  t.held.reset();
  t.pool.reset();
  t.run();
  EXPECT_EQ(t.o.why(), pool_errc::closed);
  EXPECT_EQ(t.p.open, 0);
}

TEST(ResourceAsyncEnds, a_lease_outlives_its_pool) {
  one_waits t;
  t.held.reset();
  t.run();
  t.pool.reset();
  EXPECT_EQ(t.o.got->id, 1);
  EXPECT_EQ(t.p.open, 1);
  t.o.got.reset();
  EXPECT_EQ(t.p.open, 0);
}

TEST(ResourceAsyncEnds, pools_die_while_coroutines_wait_and_threads_give_back) {
  peer p;
  asio::io_context io;
  const running threads(io, 2);
  for (int i = 0; i < 200 / ebb::test::slowdown + 20; ++i) {
    std::optional<resource_pool<link>> pool;
    pool.emplace(ebb::resource_pool_options<link>{.make = connect_to(p), .capacity = 2});
    auto held = pool->acquire();
    std::vector<outcome> all(4);
    for (outcome& o : all) pool->async_acquire(asio::bind_executor(io, o.sink()));
    std::thread returns([&] { held.reset(); });
    pool.reset();
    returns.join();
    for (outcome& o : all) {
      ASSERT_TRUE(eventually([&] { return o.ends == 1; }));
      ASSERT_TRUE(o.got || o.why() == pool_errc::closed);
    }
    all.clear();
    ASSERT_EQ(p.open, 0);
  }
}

// What the parent waits for, and was granted, is not the child's.
TEST(ResourceAsyncEnds, in_the_child_of_a_fork_who_waited_is_refused_when_it_looks) {
  one_waits t;
  waiting_thread w(*t.pool, [&](std::error_code& why) { return t.pool->acquire(why); });
  EXPECT_EQ(in_child([&] {
              t.io->notify_fork(asio::io_context::fork_child);
              t.cancel();
              t.run();
              if (t.o.ends != 1 || t.o.why() != pool_errc::cancelled) return 1;
              if (t.pool->stats().waiters != 0) return 2;
              const auto l = t.pool->try_acquire();
              return l && l->id == 2 ? 0 : 3;
            }),
            0);
  EXPECT_EQ(t.pool->stats().waiters, 2u);
  t.held.reset();
  t.run();
  EXPECT_EQ(t.o.got->id, 1);
  t.o.got.reset();
}

TEST(ResourceAsyncEnds, in_the_child_of_a_fork_a_deadline_still_ends_the_wait) {
  one_waits t;
  t.cancel();
  t.run();
  outcome o;
  t.pool->async_acquire_for(50ms, asio::bind_executor(*t.io, o.sink()));
  t.run();
  EXPECT_EQ(t.pool->stats().waiters, 1u);
  EXPECT_EQ(in_child([&] {
              t.io->notify_fork(asio::io_context::fork_child);
              t.io->run();
              return o.why() == pool_errc::cancelled && t.pool->stats().waiters == 0 ? 0 : 1;
            }),
            0);
}

TEST(ResourceAsyncEnds, in_the_child_of_a_fork_a_context_may_be_destroyed) {
  for (const bool granted : {false, true}) {
    one_waits t;
    if (granted) t.held.reset();
    EXPECT_EQ(in_child([&] {
                t.io.reset();
                if (t.pool->stats().waiters != 0 || t.pool->stats().open() != 0) return 1;
                outcome o;
                t.io.emplace();
                t.ask(o);
                t.run();
                return o.got && o.got->id == 2 ? 0 : 2;
              }),
              0)
        << granted;
  }
}

TEST(ResourceAsyncEnds, in_the_child_of_a_fork_what_the_parent_was_granted_is_not_handed_over) {
  one_waits t;
  t.held.reset();
  EXPECT_EQ(in_child([&] {
              t.io->notify_fork(asio::io_context::fork_child);
              t.run();
              return t.o.why() == pool_errc::cancelled && t.pool->stats().open() == 0 && t.p.open == 1 ? 0
                                                                                                       : 1;
            }),
            0);
  t.run();
  EXPECT_EQ(t.o.got->id, 1);
}

}  // namespace
