#include <ebb/collector.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/eventually.hpp>
#include <support/token.hpp>

namespace {

using ebb::test::census;
using ebb::test::eventually;
using ebb::test::make_token;
using ebb::test::token;
using namespace std::chrono_literals;

TEST(Collector, object_survives_one_cycle_and_dies_in_the_second) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  pool.get().reset();
  ebb::collect();
  EXPECT_EQ(c.destroyed, 0);
  EXPECT_EQ(pool.stats().idle, 1u);
  ebb::collect();
  EXPECT_EQ(c.destroyed, 1);
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.stats().dropped_aged, 1u);
  EXPECT_EQ(pool.stats().cycles, 2u);
}

TEST(Collector, object_used_between_two_cycles_survives_both) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  pool.get().reset();
  for (int i = 0; i < 10; ++i) {
    ebb::collect();
    EXPECT_EQ(pool.get()->id(), 0) << "cycle " << i;
  }
  EXPECT_EQ(c.made, 1);
  EXPECT_EQ(pool.stats().reused_victim, 10u);
}

TEST(Collector, of_many_objects_those_in_use_survive_and_the_others_age) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  {
    std::vector<ebb::pooled<token>> burst(1000);
    pool.get_n(burst);
  }
  for (int cycle = 0; cycle < 4; ++cycle) {
    std::vector<ebb::pooled<token>> steady(100);
    pool.get_n(steady);
    pool.put_n(steady);
    ebb::collect();
  }
  EXPECT_EQ(c.made, 1000) << "the steady load never had to make one";
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.idle, 100u) << "no object outlives its time in the company of one that is used";
  EXPECT_EQ(static_cast<std::uint64_t>(c.destroyed), s.dropped_aged);
  EXPECT_EQ(s.made, s.idle + s.destroyed());
}

TEST(Collector, covers_every_pool_of_the_process) {
  census c;
  std::vector<std::unique_ptr<ebb::object_pool<token>>> pools;
  for (int i = 0; i < 100; ++i) {
    pools.push_back(std::make_unique<ebb::object_pool<token>>(make_token(c)));
    pools.back()->get().reset();
  }
  pools.erase(pools.begin() + 50);
  pools.erase(pools.begin());
  pools.pop_back();
  EXPECT_EQ(c.alive(), 97);
  ebb::collect();
  EXPECT_EQ(c.alive(), 97);
  ebb::collect();
  EXPECT_EQ(c.alive(), 0);
}

TEST(Collector, destructors_may_use_pools_run_cycles_and_destroy_pools) {
  struct nested {
    ebb::object_pool<token>* shared;
    std::unique_ptr<ebb::object_pool<token>> own;
    ~nested() {
      shared->get().reset();
      ebb::collect();
    }
  };
  census c;
  ebb::object_pool<token> shared{make_token(c)};
  ebb::object_pool<nested> pool{[&] {
    auto n = std::make_unique<nested>();
    n->shared = &shared;
    n->own = std::make_unique<ebb::object_pool<token>>(make_token(c));
    {
      std::vector<ebb::pooled<token>> some(100);
      n->own->get_n(some);
    }
    return n;
  }};
  {
    std::vector<ebb::pooled<nested>> all(20);
    pool.get_n(all);
  }
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.stats().dropped_aged, 20u);
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(c.alive(), static_cast<std::int64_t>(shared.stats().idle));
}

TEST(Collector, a_pool_that_dies_waits_for_objects_that_another_thread_destroys) {
  std::atomic<bool> dying{false};
  std::atomic<bool> closing{false};
  std::atomic<bool> is_dead{false};
  struct slow {
    std::atomic<bool>&dying, &closing, &is_dead;
    ~slow() {
      dying = true;
      while (!closing) std::this_thread::yield();
      for (int i = 0; i < 200; ++i) std::this_thread::yield();  // time to come too early
      is_dead = true;
    }
  };
  auto pool = std::make_unique<ebb::object_pool<slow>>([&] {
    return std::unique_ptr<slow>(new slow{dying, closing, is_dead});
  });
  pool->get().reset();
  ebb::collect();
  std::thread other([] { ebb::collect(); });
  while (!dying) std::this_thread::yield();
  closing = true;
  pool.reset();
  EXPECT_TRUE(is_dead);
  other.join();
}

TEST(Collector, period_is_checked_and_kept) {
  EXPECT_EQ(ebb::cycle_period(), 0ms) << "as the test's main() set it";
  EXPECT_THROW(ebb::set_cycle_period(-1ms), std::invalid_argument);
  EXPECT_THROW(ebb::set_cycle_period(ebb::max_cycle_period + 1ms), std::invalid_argument);
  try {
    ebb::set_cycle_period(-250ms);
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("-250"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("31536000000"), std::string::npos) << e.what();
  }
  for (const auto period : {std::chrono::milliseconds{1h}, ebb::max_cycle_period}) {
    ebb::set_cycle_period(period);
    EXPECT_EQ(ebb::cycle_period(), period);
  }
  ebb::set_cycle_period(0ms);
}

// The only tests that wait for real time: for something to happen, never for a fixed while.
TEST(Collector, background_cycles_run_stop_and_start_again) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  for (int round = 0; round < 3; ++round) {
    ebb::set_cycle_period(1ms);
    EXPECT_FALSE(round == 0 && ebb::runtime_info().collector_running) << "nothing was put yet";
    // Both, so that the put is a miss, which is what starts the thread.
    auto a = pool.get();
    auto b = pool.get();
    a.reset();
    b.reset();
    EXPECT_TRUE(eventually([&] { return c.alive() == 0; })) << "round " << round;
    EXPECT_EQ(pool.stats().dropped_aged, static_cast<std::uint64_t>(c.destroyed));
    ebb::set_cycle_period(0ms);
    EXPECT_TRUE(eventually([] { return !ebb::runtime_info().collector_running; }));
    const std::uint64_t cycles = ebb::runtime_info().cycles;
    pool.get().reset();
    EXPECT_EQ(ebb::runtime_info().cycles, cycles);
    EXPECT_EQ(pool.stats().idle, 1u);
  }
}

std::atomic<int> trims{0};

// So many objects of 1 KiB are put and not used again, until background cycles have destroyed them and the
// thread has ended, with whatever it does after a cycle.
void leave_to_the_collector(std::size_t count) {
  struct block {
    std::byte bytes[1024];
  };
  ebb::object_pool<block> pool;
  std::vector<ebb::pooled<block>> held(count);
  for (auto& object : held) object = pool.get();
  ebb::set_cycle_period(1ms);
  held.clear();  // more than a shard loads: misses, which start the thread
  EXPECT_TRUE(eventually([&] { return pool.stats().idle == 0; }));
  ebb::set_cycle_period(0ms);
  EXPECT_TRUE(eventually([] { return !ebb::runtime_info().collector_running; }));
}

TEST(Collector, has_memory_trimmed_after_a_mebibyte_was_destroyed_and_not_for_less) {
  ebb::set_trim([] { ++trims; });
  trims = 0;
  leave_to_the_collector(100);
  EXPECT_EQ(trims, 0);
  leave_to_the_collector(2000);
  EXPECT_GE(trims, 1);
  EXPECT_LE(trims, 2) << "2 MiB";
  trims = 0;
  ebb::set_trim(nullptr);
  leave_to_the_collector(2000);
  EXPECT_EQ(trims, 0);
  ebb::set_trim([] { ++trims; });
  ebb::collect();
  EXPECT_EQ(trims, 0) << "collect() leaves it to its caller";
}

}  // namespace
