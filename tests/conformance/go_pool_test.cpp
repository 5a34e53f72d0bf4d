// What Go's own tests of sync.Pool demand (src/sync/pool_test.go of Go 1.19), case by case. Where Go pins
// the goroutine, the thread stays on one CPU.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <support/one_cpu.hpp>
#include <support/token.hpp>

namespace {

using ebb::test::census;
using ebb::test::make_token;
using ebb::test::token;

void put_text(ebb::object_pool<std::string>& pool, const char* text) {
  pool.put(std::make_unique<std::string>(text));
}

// Returns "" for Go's nil. The object leaves the pool, as it does in Go when nobody puts it back.
std::string take(ebb::object_pool<std::string>& pool) {
  const std::unique_ptr<std::string> s = pool.try_get().detach();
  return s == nullptr ? "" : *s;
}

TEST(GoPool, TestPool) {
  const ebb::test::on_one_cpu here;
  ebb::object_pool<std::string> pool;
  EXPECT_EQ(take(pool), "") << "empty";
  put_text(pool, "a");
  put_text(pool, "b");
  const std::string first = take(pool);
  const std::string second = take(pool);
  EXPECT_EQ(first + second == "ab" || first + second == "ba", true) << first << second;
  EXPECT_EQ(take(pool), "");

  // So many that they spill into what thieves can reach; they are there after one cycle, gone after two.
  for (int i = 0; i < 100; ++i) put_text(pool, "c");
  ebb::collect();
  EXPECT_EQ(take(pool), "c");
  ebb::collect();
  EXPECT_EQ(take(pool), "");
}

TEST(GoPool, TestPoolNew) {
  const ebb::test::on_one_cpu here;
  int i = 0;
  ebb::object_pool<int> pool{[&] { return std::make_unique<int>(++i); }};
  EXPECT_EQ(*pool.get().detach(), 1);
  EXPECT_EQ(*pool.get().detach(), 2);
  pool.put(std::make_unique<int>(42));
  EXPECT_EQ(*pool.get().detach(), 42);
  EXPECT_EQ(*pool.get().detach(), 3);
}

void drained_by_cycles(bool drain) {
  constexpr int n = 100;
  for (int round = 0; round < 3; ++round) {
    census c;
    ebb::object_pool<token> pool{make_token(c)};
    for (int i = 0; i < n; ++i) pool.put(std::make_unique<token>(c));
    if (drain) {
      for (int i = 0; i < n; ++i) (void)pool.try_get().detach();
    }
    ebb::collect();
    ebb::collect();
    EXPECT_EQ(c.destroyed, n) << "Go allows one to remain; here none has a reason to";
  }
}

TEST(GoPool, TestPoolGC) { drained_by_cycles(true); }
TEST(GoPool, TestPoolRelease) { drained_by_cycles(false); }

TEST(GoPool, TestPoolStress) {
  constexpr int threads = 10;
  constexpr int rounds = 200'000;
  ebb::object_pool<int> pool{[] { return std::make_unique<int>(0); }};
  std::atomic<int> wrong{0};
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        auto a = pool.get();
        if (*a != 0) ++wrong;
        if (i % 1000 == 0) {
          auto b = pool.get();
          if (*b != 0) ++wrong;
        }
      }
    });
  }
  for (int i = 0; i < 100; ++i) ebb::collect();
  for (auto& w : workers) w.join();
  EXPECT_EQ(wrong, 0);
}

// Go's TestPoolDequeue and TestPoolChain: one producer, nine consumers, every item exactly once. What they
// call the deque is the pool's depots here, reached by putting on one thread and taking on others.
TEST(GoPool, TestPoolChain) {
  constexpr int items = 200'000;
  constexpr int consumers = 9;
  struct item {
    int number = 0;
  };
  ebb::object_pool<item> pool;
  std::vector<std::atomic<int>> seen(items);
  std::atomic<int> taken{0};
  std::atomic<int> taken_by_producer{0};
  const auto take_one = [&](std::atomic<int>& count) {
    if (const std::unique_ptr<item> i = pool.try_get().detach()) {
      ++seen[static_cast<std::size_t>(i->number)];
      ++count;
      ++taken;
    }
  };
  std::vector<std::thread> threads;
  std::atomic<int> unused{0};
  std::atomic<bool> produced{false};
  for (int t = 0; t < consumers; ++t) {
    threads.emplace_back([&] {
      while (!produced) take_one(unused);
    });
  }
  for (int i = 0; i < items; ++i) {
    auto one = std::make_unique<item>();
    one->number = i;
    pool.put(std::move(one));
    if (i % 10 == 0) take_one(taken_by_producer);
  }
  produced = true;
  for (auto& t : threads) t.join();
  // What is left may be loaded by shards this thread does not run on; a cycle brings it within reach.
  ebb::collect();
  while (taken < items) {
    const int before = taken;
    take_one(unused);
    ASSERT_GT(taken, before) << "lost " << items - taken;
  }
  for (int i = 0; i < items; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], 1) << "item " << i;
  EXPECT_GT(taken_by_producer, 0) << "the owner finds its own at least once";
}

}  // namespace
