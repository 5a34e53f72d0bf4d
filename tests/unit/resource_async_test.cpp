// async_acquire(): what completes how, where and in which order.
#include <ebb/asio.hpp>

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <ebb/keyed_resource_pool.hpp>
#include <ebb/resource_pool.hpp>
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
using ebb::test::comes_to;
using ebb::test::connect_to;
using ebb::test::eventually;
using ebb::test::link;
using ebb::test::outcome;
using ebb::test::peer;
using ebb::test::running;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

TEST(ResourceAsync, one_that_is_idle_is_handed_over_but_never_from_within_the_call) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  pool.prewarm(1);
  outcome o;
  pool.async_acquire(asio::bind_executor(io, o.sink()));
  EXPECT_EQ(pool.stats().in_use, 1u) << "taken at once";
  io.poll();
  EXPECT_EQ(o.ends, 1);
  EXPECT_EQ(o.got->id, 1);
  EXPECT_FALSE(o.thrown);
}

TEST(ResourceAsync, opens_one_on_the_executor_of_the_handler) {
  peer p;
  asio::io_context io;
  std::thread::id opened_by;
  resource_pool<link> pool{{.make =
                                [&] {
                                  opened_by = std::this_thread::get_id();
                                  return std::make_unique<link>(p);
                                },
                            .capacity = 1}};
  outcome o;
  pool.async_acquire(asio::bind_executor(io, o.sink()));
  EXPECT_EQ(p.opened, 0);
  std::thread runs([&] { io.run(); });
  const auto id = runs.get_id();
  runs.join();
  EXPECT_EQ(opened_by, id);
  EXPECT_EQ(o.got->id, 1);
}

TEST(ResourceAsync, coroutines_and_threads_stand_in_one_queue) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  std::mutex mutex;
  std::string order;
  const auto note = [&](char who) {
    const std::lock_guard lock(mutex);
    order += who;
  };
  std::vector<std::unique_ptr<waiting_thread>> threads;
  {
    const running runs(io, 1);
    for (const char who : {'a', 'B', 'c', 'D', 'e'}) {
      const std::size_t before = pool.stats().waiters;
      if (who >= 'a') {
        threads.push_back(std::make_unique<waiting_thread>(pool, [&, who](std::error_code& why) {
          const auto l = pool.acquire(why);
          note(who);
          return lease<link>();
        }));
      } else {
        co_spawn(
            io,
            [&, who]() -> asio::awaitable<void> {
              const auto l = co_await pool.async_acquire(use_awaitable);
              note(who);
            },
            asio::detached);
      }
      ASSERT_TRUE(comes_to(pool, &ebb::resource_stats::waiters, before + 1));
    }
    EXPECT_FALSE(pool.try_acquire());
    held.reset();
    threads.clear();
  }
  EXPECT_EQ(order, "aBcDe");
  EXPECT_EQ(p.opened, 1);
  EXPECT_EQ(pool.stats().acquired_after_waiting, 5u);
}

TEST(ResourceAsync, ends_at_its_deadline) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .name = "p"}};
  auto held = pool.acquire();
  const auto start = std::chrono::steady_clock::now();
  outcome a;
  outcome b;
  outcome c;
  pool.async_acquire_for(20ms, asio::bind_executor(io, a.sink()));
  pool.async_acquire_until(start - 1h, asio::bind_executor(io, b.sink()));
  pool.async_acquire(asio::bind_executor(io, c.sink()));
  while (a.ends == 0) io.run_one();
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
  EXPECT_EQ(a.why(), pool_errc::timed_out);
  EXPECT_EQ(b.why(), pool_errc::timed_out);
  try {
    std::rethrow_exception(a.thrown);
  } catch (const std::exception& e) {
    EXPECT_EQ(std::string(e.what()), "ebb::resource_pool \"p\": no resource was free before the deadline");
  }
  EXPECT_EQ(pool.stats().timed_out, 2u);
  EXPECT_EQ(pool.stats().waiters, 1u);
  held.reset();
  io.run();
  EXPECT_TRUE(c.got);
  EXPECT_EQ(a.ends + b.ends + c.ends, 3);
  c.got.reset();
  io.restart();
  pool.async_acquire_until(start - 1h, asio::bind_executor(io, a.sink()));
  io.run();
  EXPECT_TRUE(a.got) << "which does not matter where one is free";
}

TEST(ResourceAsync, a_context_has_work_as_long_as_somebody_waits) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  outcome o;
  pool.async_acquire(asio::bind_executor(io, o.sink()));
  std::thread returns([&] {
    EXPECT_TRUE(comes_to(pool, &ebb::resource_stats::waiters, 1));
    held.reset();
  });
  io.run();
  returns.join();
  EXPECT_TRUE(o.got);
}

TEST(ResourceAsync, completes_on_the_executor_of_the_handler) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  asio::thread_pool threads(2);
  const auto strand = asio::make_strand(threads);
  std::atomic<int> on_strand{0};
  const auto ask = [&] {
    pool.async_acquire(asio::bind_executor(strand, [&](const std::exception_ptr&, lease<link> l) {
      if (l && strand.running_in_this_thread()) ++on_strand;
    }));
  };
  ask();  // has one opened
  EXPECT_TRUE(eventually([&] { return on_strand == 1; }));
  EXPECT_TRUE(comes_to(pool, &ebb::resource_stats::idle, 1));
  auto held = pool.acquire();
  ask();  // waits
  EXPECT_TRUE(comes_to(pool, &ebb::resource_stats::waiters, 1));
  held.reset();
  EXPECT_TRUE(eventually([&] { return on_strand == 2; }));
  EXPECT_TRUE(comes_to(pool, &ebb::resource_stats::idle, 1));
  ask();  // a hit
  threads.join();
  EXPECT_EQ(on_strand, 3);
}

TEST(ResourceAsync, without_an_executor_it_is_the_systems) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  outcome o;
  pool.async_acquire(o.sink());
  EXPECT_TRUE(eventually([&] { return o.ends == 1; }));
  EXPECT_TRUE(o.got);
}

TEST(ResourceAsync, takes_every_kind_of_token) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  const running runs(io, 1);
  EXPECT_EQ(pool.async_acquire(asio::bind_executor(io, asio::use_future)).get()->id, 1);
  auto later = pool.async_acquire(asio::deferred);
  EXPECT_EQ(pool.stats().acquired, 1u) << "nothing begins before it is asked to";
  EXPECT_EQ(std::move(later)(asio::bind_executor(io, asio::use_future)).get()->id, 1);
  const auto in_a_coroutine = [&]() -> asio::awaitable<bool> {
    auto [none, l] = co_await pool.async_acquire(asio::as_tuple(use_awaitable));
    auto [e, nothing] = co_await pool.async_acquire_for(1ms, asio::as_tuple(use_awaitable));
    l.reset();
    auto again = co_await pool.async_acquire(asio::deferred)(use_awaitable);
    co_return !none && e && !nothing && again->id == 1;
  };
  EXPECT_TRUE(co_spawn(io, in_a_coroutine(), asio::use_future).get());
  auto held = pool.acquire();
  auto future = pool.async_acquire_for(1ms, asio::bind_executor(io, asio::use_future));
  EXPECT_THROW((void)future.get(), std::system_error);
}

TEST(ResourceAsync, what_make_and_settings_throw_reaches_the_coroutine) {
  peer p;
  asio::io_context io;
  p.refuses = 1;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  const auto bad = std::make_shared<const ebb::resource_setting<link>>(
      ebb::resource_setting<link>{[](link&) { throw std::domain_error("no"); }, [](link&) {}});
  const auto good = std::make_shared<const ebb::resource_setting<link>>(
      ebb::resource_setting<link>{[](link& l) { l.state = "set"; }, [](link& l) { l.state.clear(); }});
  int caught = 0;
  co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        try {
          (void)co_await pool.async_acquire(use_awaitable);
        } catch (const ebb::test::refused_by_peer&) {
          ++caught;
        }
        try {
          (void)co_await pool.with(bad).async_acquire(use_awaitable);
        } catch (const std::domain_error&) {
          ++caught;
        }
        const auto l = co_await pool.with(good).async_acquire(use_awaitable);
        EXPECT_EQ(l->state, "set");
        ++caught;
      },
      asio::detached);
  io.run();
  EXPECT_EQ(caught, 3);
  EXPECT_EQ(pool.try_acquire()->state, "");
}

TEST(ResourceAsync, no_more_than_max_waiters_wait) {
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .max_waiters = 1}};
  auto held = pool.acquire();
  outcome first;
  outcome second;
  pool.async_acquire(asio::bind_executor(io, first.sink()));
  pool.async_acquire(asio::bind_executor(io, second.sink()));
  io.poll();
  EXPECT_EQ(first.ends, 0);
  EXPECT_EQ(second.why(), pool_errc::too_many_waiters);
  held.reset();
  io.run();
  EXPECT_TRUE(first.got);
}

TEST(ResourceAsync, whichever_is_first_of_a_resource_and_a_timer) {
  using namespace asio::experimental::awaitable_operators;
  peer p;
  asio::io_context io;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  const auto sleep = [&](std::chrono::milliseconds t) -> asio::awaitable<void> {
    asio::steady_timer timer(io, t);
    co_await timer.async_wait(use_awaitable);
  };
  std::vector<std::size_t> first;
  co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        {
          auto held = co_await pool.async_acquire(use_awaitable);
          first.push_back((co_await (pool.async_acquire(use_awaitable) || sleep(1ms))).index());
          first.push_back((co_await (sleep(0ms) || pool.async_acquire(use_awaitable))).index());
        }
        auto either = co_await (pool.async_acquire(use_awaitable) || sleep(1h));
        first.push_back(either.index());
        EXPECT_EQ(std::get<0>(either)->id, 1);
      },
      asio::detached);
  io.run();
  EXPECT_EQ(first, (std::vector<std::size_t>{1, 0, 0}));
  EXPECT_EQ(pool.stats().cancelled, 2u);
  EXPECT_EQ(pool.stats().waiters, 0u);
  EXPECT_EQ(pool.stats().idle, 1u) << "nothing is lost with who was cancelled";
}

TEST(ResourceAsync, comes_again_when_a_pause_is_over) {
  peer p;
  asio::io_context io;
  p.refuses = 1;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .retry_first = 10ms, .retry_most = 10ms}};
  outcome first;
  outcome second;
  outcome third;
  for (outcome* o : {&first, &second, &third}) pool.async_acquire(asio::bind_executor(io, o->sink()));
  while (second.ends == 0) io.run_one();
  EXPECT_TRUE(first.thrown);
  EXPECT_EQ(second.got->id, 1);
  second.got.reset();
  io.run();
  EXPECT_TRUE(third.got);
}

TEST(ResourceAsync, waits_for_openings_that_go_on_elsewhere) {
  peer p;
  asio::io_context io;
  std::deque<ebb::opening<link>> begun;
  resource_pool<link> pool{
      {.make_async = [&](ebb::opening<link> o) { begun.push_back(std::move(o)); }, .capacity = 2}};
  outcome a;
  outcome b;
  pool.async_acquire(asio::bind_executor(io, a.sink()));
  pool.async_acquire(asio::bind_executor(io, b.sink()));
  io.poll();
  ASSERT_EQ(begun.size(), 2u);
  std::thread elsewhere([&] {
    std::move(begun[1]).fail(std::make_exception_ptr(ebb::test::refused_by_peer()));
    std::move(begun[0]).succeed(std::make_unique<link>(p));
  });
  io.run();
  elsewhere.join();
  EXPECT_TRUE(a.got);
  ASSERT_TRUE(b.thrown);
  EXPECT_THROW(std::rethrow_exception(b.thrown), ebb::test::refused_by_peer);
}

TEST(ResourceAsync, at_a_key) {
  peer p;
  asio::io_context io;
  ebb::keyed_resource_pool<int, link> pool{
      {.make = [&](const int&) { return std::make_unique<link>(p); }, .all = {.capacity = 1}}};
  outcome two;
  {
    auto one = pool.at(1).acquire();
    pool.at(2).async_acquire(asio::bind_executor(io, two.sink()));
    io.poll();
    EXPECT_EQ(pool.stats().waiters, 1u);
  }
  io.run();
  EXPECT_EQ(two.got->id, 2);
  EXPECT_EQ(ebb::test::closed_for(pool.stats(), ebb::close_reason::evicted), 1u);
}

TEST(ResourceAsync, a_leak_is_reported_with_the_place_of_the_call) {
  peer p;
  asio::io_context io;
  ebb::test::fake_clock clock;
  unsigned line = 0;
  resource_pool<link> pool{{.make = connect_to(p),
                            .capacity = 1,
                            .report_after = 1s,
                            .on_leak = [&](const ebb::leak_report& r) { line = r.acquired_at.line; }},
                           clock};
  unsigned asked_at = 0;
  for (int i = 0; i < 2; ++i) {
    outcome o;
    asked_at = __LINE__ + 1;
    pool.async_acquire(asio::bind_executor(io, o.sink()));
    io.run();
    io.restart();
    clock.advance(1s);
    line = 0;
    pool.look_after();
    EXPECT_EQ(line, asked_at) << (i == 0 ? "one that was opened" : "one that was idle");
  }
}

// Each of many coroutines hands its lease to a thread, which gives it back.
TEST(ResourceAsync, leases_go_from_thread_to_thread_a_million_times) {
  constexpr int coroutines = 16;
  constexpr int hops = 1'000'000 / coroutines / (ebb::test::slowdown == 1 ? 1 : 10 * ebb::test::slowdown);
  peer p;
  asio::io_context io;
  asio::io_context other;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 4}};
  std::atomic<int> done{0};
  {
    const running others(other, 2);
    const running threads(io, 4);  // first to end: it posts to those
    for (int i = 0; i < coroutines; ++i) {
      co_spawn(
          io,
          [&]() -> asio::awaitable<void> {
            for (int hop = 0; hop < hops; ++hop) {
              auto l = co_await pool.async_acquire(use_awaitable);
              if (l->owners++ != 0) ADD_FAILURE() << "two have it";
              asio::post(other, [mine = l.get(), l = std::move(l)]() mutable {
                --mine->owners;
                l.reset();
              });
              ++done;
            }
          },
          asio::detached);
    }
  }
  EXPECT_EQ(done, coroutines * hops);
  EXPECT_EQ(pool.stats().acquired, static_cast<std::uint64_t>(done));
  EXPECT_EQ(pool.stats().in_use, 0u);
  EXPECT_LE(p.opened, 4);
}

}  // namespace
