// Threads that acquire, give back, discard, give up and lose their resources while the pool is resized,
// reset and looked after: the bound holds at every instant, a resource has one owner, and nothing is left
// open.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include <ebb/resource_pool.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>

namespace {

using ebb::lease;
using ebb::resource_pool;
using ebb::test::dice;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::run_together;
using ebb::test::slowdown;
using namespace std::chrono_literals;

constexpr int workers = 16;

void use(const lease<link>& l, dice& d) {
  ASSERT_EQ(l->owners++, 0) << "somebody else has it, too";
  if (d.roll(8) == 0) std::this_thread::yield();
  ASSERT_EQ(--l->owners, 0);
}

TEST(ResourceStress, bound_owners_and_places_hold_whatever_happens) {
  constexpr std::size_t most = 8;
  peer p;
  std::atomic<int> working{workers};
  std::atomic<std::uint64_t> acquired{0};
  {
    std::atomic<unsigned> calls{0};
    resource_pool<link> pool{{.make =
                                  [&] {
                                    if (++calls % 7 == 0) throw ebb::test::refused_by_peer();
                                    return std::make_unique<link>(p);
                                  },
                              .capacity = most,
                              .check = [&](link&) { return ++calls % 31 != 0; },
                              .on_return = [&](link&) { return ++calls % 37 != 0; },
                              .idle_timeout = 1ms,
                              .keep_at_least = 2,
                              .max_lifetime = 20ms,
                              .lifetime_jitter = 20ms}};
    run_together(workers + 1, [&](int me) {
      dice d(me);
      if (me == workers) {
        while (working > 0) {
          EXPECT_LE(pool.stats().open(), most);
          switch (d.roll(6)) {
            case 0: pool.set_capacity(1 + d.roll(most)); break;
            case 1: pool.reset(); break;
            case 2: pool.look_after(); break;
            default: break;
          }
          std::this_thread::yield();
        }
        pool.set_capacity(most);
        return;
      }
      for (int i = 0; i < 3000 / slowdown; ++i) {
        std::error_code why;
        lease<link> l;
        try {
          switch (d.roll(4)) {
            case 0: l = pool.try_acquire(); break;
            case 1: l = pool.acquire_for(std::chrono::microseconds(d.roll(300)), why); break;
            case 2: {
              std::stop_source stop;
              if (d.roll(2) == 0) stop.request_stop();
              l = pool.acquire(stop.get_token(), why);
              break;
            }
            default: l = pool.acquire(why);
          }
        } catch (const ebb::test::refused_by_peer&) {
          continue;
        }
        if (!l) continue;
        ++acquired;
        use(l, d);
        const std::uint32_t end = d.roll(20);
        if (end == 0) l.discard();
        if (end == 1) (void)std::move(l).detach();
      }
      --working;
    });
    EXPECT_EQ(pool.stats().in_use, 0u);
    EXPECT_EQ(pool.stats().waiters, 0u);
    EXPECT_EQ(pool.stats().acquired, acquired);
    EXPECT_TRUE(pool.close(20s));
    EXPECT_EQ(pool.stats().open(), 0u);
  }
  EXPECT_EQ(p.open, 0);
  // Detached ones are no longer the pool's, and die at once.
  EXPECT_LE(p.most, static_cast<int>(most) + workers);
}

TEST(ResourceStress, pools_die_while_their_leases_are_given_back) {
  peer p;
  for (int i = 0; i < 400 / slowdown; ++i) {
    std::optional<resource_pool<link>> pool;
    pool.emplace(ebb::resource_pool_options<link>{
        .make = ebb::test::connect_to(p), .capacity = 4, .idle_timeout = 1ms});
    std::array<lease<link>, 4> out;
    for (auto& l : out) l = pool->acquire();
    run_together(5, [&](int me) {
      if (me == 4) {
        pool.reset();
      } else {
        out[static_cast<std::size_t>(me)].reset();
      }
    });
    ASSERT_EQ(p.open, 0) << i;
  }
}

// One resource for 32 threads: it goes round, so that each gets it about as often.
TEST(ResourceStress, nobody_starves_among_32_threads) {
  constexpr int threads = 32;
  peer p;
  resource_pool<link> pool{{.make = ebb::test::connect_to(p), .capacity = 1}};
  std::atomic<int> left{threads * 100};
  std::array<int, threads> served{};
  auto held = pool.acquire();
  run_together(threads + 1, [&](int me) {
    if (me == threads) {  // until all of them stand in line
      while (pool.stats().waiters < threads) std::this_thread::yield();
      return held.reset();
    }
    dice d(me);
    while (left.fetch_sub(1) > 0) {
      const auto l = pool.acquire();
      use(l, d);
      ++served[static_cast<std::size_t>(me)];
    }
  });
  EXPECT_EQ(p.opened, 1);
  const auto [least, most] = std::minmax_element(served.begin(), served.end());
  EXPECT_GE(*least, 50) << "of 100 on average, and " << *most << " at most";
}

}  // namespace
