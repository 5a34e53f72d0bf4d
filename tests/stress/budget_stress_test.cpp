// Bounds that hold at every sample, whatever threads do: objects count themselves.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ebb/budget.hpp>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>
#include <support/evictions.hpp>
#include <support/threads.hpp>

namespace {

using ebb::eviction_reason;
using ebb::test::dice;
using ebb::test::run_together;
using ebb::test::slowdown;

constexpr int workers = 16;

// What pools hold, or less: all that is alive, less what users have, who count it as theirs from before
// they get it until after they have put it. One number, so that a sample is of one instant.
struct scale {
  std::atomic<std::int64_t> idle{0};
  std::atomic<std::int64_t> worst{0};
  std::int64_t sample() {
    const std::int64_t now = idle.load();
    std::int64_t seen = worst.load();
    while (now > seen && !worst.compare_exchange_weak(seen, now)) {}
    return now;
  }
};

struct weighed {
  weighed(scale& s, std::int64_t n) : on(&s), bytes(n) { on->idle += bytes; }
  weighed(const weighed&) = delete;
  weighed& operator=(const weighed&) = delete;
  ~weighed() { on->idle -= bytes; }
  scale* on;
  std::int64_t bytes;
};
using pool_type = ebb::object_pool<weighed>;

auto make_weighed(scale& s, std::int64_t bytes) {
  return [&s, bytes] { return std::make_unique<weighed>(s, bytes); };
}

// Gets and puts with bursts and hops.
void work(pool_type& pool, scale& s, std::int64_t bytes, dice& d, int operations) {
  for (int i = 0; i < operations; ++i) {
    if (d.roll(200) == 0) ebb::test::run_on_cpu(static_cast<int>(d.roll(64)));
    if (d.roll(50) == 0) std::this_thread::yield();
    const std::uint32_t count = 1 + d.roll(d.roll(30) == 0 ? 150 : 6);
    s.idle -= count * bytes;
    {
      std::vector<ebb::pooled<weighed>> some(count);
      if (d.roll(2) == 0) {
        pool.get_n(some);
      } else {
        for (auto& h : some) h = pool.get();
      }
      if (d.roll(3) == 0) pool.put_n(some);
    }
    s.idle += count * bytes;
  }
}

// `work(dice)` on every worker, and `watch(dice, n)` again and again on one thread more, n counting, until
// they are done.
template <class Work, class Watch>
void watched(Work work, Watch watch) {
  std::atomic<int> working{workers};
  run_together(workers + 1, [&](int me) {
    dice d(me);
    if (me == workers) {
      for (int n = 0; working > 0; ++n) watch(d, n);
      return;
    }
    work(d);
    --working;
  });
}

// The bound is exact: room is reserved before anything is put, and given up when it is destroyed.
TEST(BudgetStress, max_idle_holds_at_every_sample_under_16_threads) {
  for (const std::size_t most : {1u, 10u, 100u, 2000u}) {
    scale s;
    pool_type pool{{.make = make_weighed(s, 1), .max_idle = most}};
    watched([&](dice& d) { work(pool, s, 1, d, 4'000 / slowdown); },
            [&](dice&, int n) {
              s.sample();
              if (n % 500 == 0) ebb::collect();
              if (n % 64 == 0) std::this_thread::yield();
            });
    EXPECT_LE(s.worst, static_cast<std::int64_t>(most));
    EXPECT_LE(pool.stats().idle, most);
    EXPECT_EQ(pool.stats().in_use(), 0u);
    EXPECT_EQ(s.idle, static_cast<std::int64_t>(pool.stats().idle));
  }
}

TEST(BudgetStress, max_idle_bytes_holds_at_every_sample_under_16_threads) {
  scale s;
  constexpr std::int64_t each = 100;
  constexpr std::size_t most = 64'000;
  pool_type pool{{.make = make_weighed(s, each), .max_idle_bytes = most, .bytes = [](const weighed& w) {
                    return static_cast<std::size_t>(w.bytes);
                  }}};
  watched([&](dice& d) { work(pool, s, each, d, 8'000 / slowdown); },
          [&](dice&, int n) {
            s.sample();
            if (n % 500 == 0) ebb::collect();
          });
  EXPECT_LE(s.worst, static_cast<std::int64_t>(most));
}

// Documented: a put that runs while a bound is lowered may keep up to a magazine more until the next cycle.
TEST(BudgetStress, a_bound_that_is_changed_all_the_time_holds_within_a_magazine_for_each_thread) {
  scale s;
  ebb::test::ledger book;
  pool_type pool{{.make = make_weighed(s, 1)}};
  std::int64_t over = 0;
  watched([&](dice& d) { work(pool, s, 1, d, 8'000 / slowdown); },
          [&](dice& d, int) {
            const std::size_t most = d.roll(400);
            pool.set_max_idle(most);
            for (int i = 0; i < 50; ++i) {
              over = std::max(over, s.sample() - static_cast<std::int64_t>(most));
              if (i % 16 == 0) std::this_thread::yield();
            }
            if (d.roll(3) == 0) ebb::collect();
            if (d.roll(5) == 0) pool.set_max_idle(ebb::unlimited);
            if (d.roll(9) == 0) (void)pool.drain();
          });
  EXPECT_LE(over, workers * 62);
  pool.set_max_idle(17);
  EXPECT_LE(pool.stats().idle, 17u) << "exact once the threads are quiet";
  ebb::collect();
  const ebb::pool_stats sum = pool.stats();
  EXPECT_EQ(sum.made, sum.idle + sum.destroyed());
  EXPECT_EQ(s.idle, static_cast<std::int64_t>(sum.idle));
  pool.set_max_idle(0);
  EXPECT_EQ(s.idle, 0);
  pool.set_max_idle(100);
  std::vector<ebb::pooled<weighed>> some(100);
  pool.get_n(some);
  pool.put_n(some);
  EXPECT_GE(pool.stats().idle, 38u) << "no room was lost";
}

TEST(BudgetStress, the_process_budget_holds_at_every_sample_over_pools_of_different_sizes) {
  scale s;
  constexpr std::array<std::int64_t, 4> sizes{64, 500, 4096, 20'000};
  constexpr std::size_t most = 1'000'000;
  ebb::set_idle_budget(most);
  {
    std::vector<std::unique_ptr<pool_type>> pools;
    for (const std::int64_t n : sizes) {
      pools.push_back(std::make_unique<pool_type>(ebb::object_pool_options<weighed>{
          .make = make_weighed(s, n),
          .bytes = [](const weighed& w) { return static_cast<std::size_t>(w.bytes); }}));
    }
    watched(
        [&](dice& d) {
          for (int i = 0; i < 40; ++i) {
            const std::size_t p = d.roll(4);
            work(*pools[p], s, sizes[p], d, 250 / slowdown + 1);
          }
        },
        [&](dice&, int n) {
          s.sample();
          if (n % 300 == 0) ebb::collect();
          if (n % 64 == 0) std::this_thread::yield();
        });
    EXPECT_LE(s.worst, static_cast<std::int64_t>(most));
    EXPECT_GT(s.worst, static_cast<std::int64_t>(most / 3)) << "it was used";
  }
  EXPECT_EQ(s.idle, 0);
  ebb::set_idle_budget(ebb::unlimited);
}

TEST(BudgetStress, the_process_budget_changes_while_pools_live_and_die) {
  scale s;
  watched(
      [&](dice& d) {
        for (int i = 0; i < 60 / slowdown + 2; ++i) {
          pool_type pool{{.make = make_weighed(s, 1000)}};
          work(pool, s, 1000, d, 40);
        }
      },
      [](dice& d, int) {
        ebb::set_idle_budget(d.roll(4) == 0 ? ebb::unlimited : d.roll(1000) * 1000);
        if (d.roll(4) == 0) ebb::collect();
        if (d.roll(16) == 0) (void)ebb::drain_all();
        std::this_thread::yield();
      });
  EXPECT_EQ(s.idle, 0);
  // Nothing of it is lost: one pool can have it all.
  ebb::set_idle_budget(100'000);
  pool_type pool{
      {.make = make_weighed(s, 1000), .bytes = [](const weighed&) { return std::size_t{1000}; }}};
  std::vector<ebb::pooled<weighed>> out(300);
  pool.get_n(out);
  out.clear();
  EXPECT_LE(pool.stats().idle, 104u);
  EXPECT_GE(pool.stats().idle, 38u);
  ebb::set_idle_budget(ebb::unlimited);
}

TEST(BudgetStress, on_evict_is_called_once_per_object_whatever_happens_at_once) {
  ebb::test::ledger book;
  {
    ebb::object_pool<ebb::test::entry> pool{{.make = ebb::test::make_entry(book),
                                             .recycle = [](ebb::test::entry& e) { return e.id % 97 != 0; },
                                             .max_idle = 300,
                                             .on_evict = ebb::test::announce}};
    // The others work as long as this takes, and it takes until these have met them, however late they get
    // to run.
    std::atomic<bool> done{false};
    run_together(9, [&](int me) {
      dice d(me);
      if (me == 8) {
        ebb::pool_stats n;
        for (int round = 0;
             round < 200 / slowdown + 40 || n.dropped_drained == 0 || n.dropped_over_budget == 0; ++round) {
          switch (round % 4) {
            case 0: ebb::collect(); break;
            case 1: (void)pool.drain(); break;
            case 2: pool.set_max_idle(d.roll(300)); break;
            default: (void)ebb::drain_all();
          }
          std::this_thread::yield();
          n = pool.stats();
        }
        done = true;
        return;
      }
      while (!done) {
        std::vector<ebb::pooled<ebb::test::entry>> some(d.roll(100) + 1);
        pool.get_n(some);
        if (d.roll(2) == 0) pool.put_n(some);
      }
    });
    const ebb::pool_stats n = pool.stats();
    book.expect_counted_as(n);
    EXPECT_EQ(n.made, n.idle + n.destroyed());
  }
  EXPECT_TRUE(book.unannounced().empty());
  EXPECT_EQ(book.calls(), book.born_so_far());
}

}  // namespace
