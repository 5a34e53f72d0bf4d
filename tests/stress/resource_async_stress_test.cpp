// Coroutines on four threads, and eight threads of their own, on one pool: it fails to open, is resized and
// reset; they cancel, time out, discard and change settings. The bound holds at every sample, a resource
// has one owner, and in the end nobody waits and nothing is open.
#include <ebb/asio.hpp>

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <ebb/keyed_resource_pool.hpp>
#include <ebb/resource_pool.hpp>
#include <support/on_asio.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>

namespace {

namespace asio = boost::asio;
using ebb::lease;
using ebb::lease_source;
using ebb::test::dice;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::running;
using ebb::test::slowdown;
using namespace std::chrono_literals;

constexpr std::size_t most = 6;
constexpr int asking_coroutines = 24;
constexpr int asking_threads = 8;
constexpr int rounds = 1500 / slowdown;

void use(lease<link> l, dice& d) {
  EXPECT_EQ(l->owners++, 0) << "somebody else has it, too";
  if (d.roll(8) == 0) std::this_thread::yield();
  EXPECT_EQ(--l->owners, 0);
  if (d.roll(20) == 0) l.discard();
}

// Pool is a resource_pool or a keyed_resource_pool; source(dice) says where to ask next.
template <class Pool, class Source>
class mix {
 public:
  mix(Pool& pool, Source source) : pool_(pool), source_(std::move(source)) {}

  void run() {
    std::thread samples([this] { sample(); });
    {
      asio::io_context io;
      const running four(io, 4);
      for (int i = 0; i < asking_coroutines; ++i) {
        const auto own = asio::make_strand(io);
        co_spawn(own, ask(i, own), asio::detached);
      }
      ebb::test::run_together(asking_threads, [this](int me) { block(asking_coroutines + me); });
    }
    is_over_ = true;
    samples.join();
    EXPECT_EQ(ended_, (asking_coroutines + asking_threads) * rounds) << "somebody waits for ever";
    const auto s = pool_.stats();
    EXPECT_EQ(s.acquired, got_);
    EXPECT_EQ(s.in_use, 0u);
    EXPECT_EQ(s.waiters, 0u);
    EXPECT_EQ(s.opening, 0u);
  }

 private:
  using strand = asio::strand<asio::io_context::executor_type>;

  void note(lease<link> l, dice& d) {
    ++ended_;
    if (!l) return;
    ++got_;
    use(std::move(l), d);
  }

  asio::awaitable<void> ask(int seed, strand own) {
    dice d(seed);
    for (int i = 0; i < rounds; ++i) {
      lease<link> l;
      asio::cancellation_signal stop;
      auto from = source_(d);
      try {
        switch (d.roll(3)) {
          case 0: l = co_await from.async_acquire(asio::use_awaitable); break;
          case 1:
            l = co_await from.async_acquire_for(std::chrono::microseconds(d.roll(300)),
                                                asio::use_awaitable);
            break;
          default:
            asio::post(own, [&stop] { stop.emit(asio::cancellation_type::terminal); });
            l = co_await from.async_acquire(asio::bind_cancellation_slot(stop.slot(), asio::use_awaitable));
        }
      } catch (const std::exception&) {}
      // What was posted to cancel has to have run before `stop` dies.
      co_await asio::post(own, asio::use_awaitable);
      note(std::move(l), d);
    }
  }

  void block(int seed) {
    dice d(seed);
    for (int i = 0; i < rounds; ++i) {
      lease<link> l;
      auto from = source_(d);
      std::error_code why;
      try {
        switch (d.roll(3)) {
          case 0: l = from.acquire(why); break;
          case 1: l = from.acquire_for(std::chrono::microseconds(d.roll(300)), why); break;
          default: l = from.try_acquire();
        }
      } catch (const std::exception&) {}
      note(std::move(l), d);
    }
  }

  void sample() {
    dice d(99);
    while (!is_over_) {
      EXPECT_LE(pool_.stats().open(), most);
      switch (d.roll(8)) {
        case 0: pool_.set_capacity(1 + d.roll(most)); break;
        case 1: pool_.reset(); break;
        case 2: pool_.look_after(); break;
        default: break;
      }
      std::this_thread::yield();
    }
  }

  Pool& pool_;
  Source source_;
  std::atomic<bool> is_over_{false};
  std::atomic<int> ended_{0};
  std::atomic<std::uint64_t> got_{0};
};

// Now and then a peer says no.
struct moody_peer {
  peer p;
  std::atomic<unsigned> calls{0};
  std::unique_ptr<link> open() {
    if (++calls % 7 == 0) throw ebb::test::refused_by_peer();
    return std::make_unique<link>(p);
  }
  [[nodiscard]] bool works() { return ++calls % 31 != 0; }
};

TEST(ResourceAsyncStress, one_pool_with_settings) {
  moody_peer m;
  {
    std::atomic<unsigned> changes{0};
    const auto set = [&](const char* name) {
      return std::make_shared<const ebb::resource_setting<link>>(
          ebb::resource_setting<link>{[&changes, name](link& l) {
                                        EXPECT_EQ(l.state, "");
                                        if (++changes % 41 == 0) throw std::runtime_error("not now");
                                        l.state = name;
                                      },
                                      [&changes, name](link& l) {
                                        EXPECT_EQ(l.state, name);
                                        if (++changes % 43 == 0) throw std::runtime_error("not now");
                                        l.state.clear();
                                      }});
    };
    const std::array settings{set("red"), set("blue")};
    ebb::resource_pool<link> pool{{.make = [&] { return m.open(); },
                                   .capacity = most,
                                   .check = [&](link&) { return m.works(); },
                                   .idle_timeout = 1ms,
                                   .max_lifetime = 20ms,
                                   .retry_first = 1ms,
                                   .retry_most = 2ms}};
    mix(pool, [&](dice& d) -> lease_source<link> {
      const auto which = d.roll(3);
      return which == 2 ? lease_source<link>(pool) : pool.with(settings[which]);
    }).run();
    EXPECT_TRUE(pool.close(20s));
  }
  EXPECT_EQ(m.p.open, 0);
  EXPECT_LE(m.p.most, static_cast<int>(most));
}

TEST(ResourceAsyncStress, one_pool_that_opens_elsewhere) {
  moody_peer m;
  {
    asio::io_context elsewhere;
    const running one(elsewhere, 1);
    std::atomic<unsigned> begun{0};
    ebb::resource_pool<link> pool{{.make_async =
                                       [&](ebb::opening<link> o) {
                                         const unsigned n = ++begun;
                                         if (n % 11 == 0) return;  // given up
                                         asio::post(elsewhere, [&m, o = std::move(o)]() mutable {
                                           try {
                                             std::move(o).succeed(m.open());
                                           } catch (...) {
                                             std::move(o).fail(std::current_exception());
                                           }
                                         });
                                       },
                                   .capacity = most,
                                   .check = [&](link&) { return m.works(); }}};
    mix(pool, [&](dice&) -> lease_source<link> { return pool; }).run();
    EXPECT_TRUE(pool.close(20s));
  }
  EXPECT_EQ(m.p.open, 0);
  EXPECT_LE(m.p.most, static_cast<int>(most));
}

TEST(ResourceAsyncStress, one_keyed_pool) {
  moody_peer m;
  {
    ebb::keyed_resource_pool<int, link> pool{{.make =
                                                  [&](const int& key) {
                                                    auto l = m.open();
                                                    l->state = std::to_string(key);
                                                    return l;
                                                  },
                                              .capacity_per_key = 3,
                                              .all = {.capacity = most,
                                                      .check = [&](link&) { return m.works(); },
                                                      .idle_timeout = 1ms,
                                                      .retry_first = 1ms,
                                                      .retry_most = 2ms}}};
    mix(pool, [&](dice& d) -> lease_source<link> {
      // Two keys that are wanted often, and many that are not.
      return pool.at(static_cast<int>(d.roll(3) == 0 ? d.roll(200) : d.roll(2)));
    }).run();
    EXPECT_GT(ebb::test::closed_for(pool.stats(), ebb::close_reason::evicted), 0u);
    EXPECT_TRUE(pool.close(20s));
  }
  EXPECT_EQ(m.p.open, 0);
  EXPECT_LE(m.p.most, static_cast<int>(most));
}

}  // namespace
