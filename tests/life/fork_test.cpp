// fork() in a process with threads leaves a child in which every pool works and the collector can restart.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/burst.hpp>
#include <support/child.hpp>
#include <support/threads.hpp>

namespace {

using namespace std::chrono_literals;
using ebb::test::burst;
using ebb::test::in_child;

// 0 when everything a child should be able to do works.
int use_everything(ebb::object_pool<int>& inherited) {
  for (int i = 0; i < 20; ++i) burst(inherited, 200);
  ebb::object_pool<int> fresh;
  burst(fresh, 200);
  ebb::collect();
  ebb::collect();
  // Portable path: a shard whose holder was preempted during the parent's last cycle is one cycle late.
  if (ebb::runtime_info().path == ebb::access_path::portable) ebb::collect();
  if (inherited.stats().idle != 0 || fresh.stats().idle != 0) return 1;
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) burst(inherited, 100);
      ++done;
    });
  }
  for (auto& t : threads) t.join();
  return done == 4 ? 0 : 2;
}

TEST(Fork, child_of_a_quiet_process_has_working_pools_with_what_was_idle) {
  ebb::object_pool<int> pool;
  burst(pool, 100);
  EXPECT_EQ(in_child([&] { return pool.stats().idle == 100 ? 0 : 3; }), 0);
  EXPECT_EQ(in_child([&] { return use_everything(pool); }), 0);
  EXPECT_EQ(pool.stats().idle, 100u) << "the parent is untouched";
}

TEST(Fork, from_main_and_from_a_worker_while_others_get_put_and_collect) {
  if (ebb::test::slowdown > 1) {
    GTEST_SKIP()
        << "a sanitizer's own allocator may be locked in the child: a program without pools hangs, too";
  }
  ebb::object_pool<int> pool;
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  for (int t = 0; t < 3; ++t) {
    busy.emplace_back([&] {
      while (!stop) burst(pool, 150);
    });
  }
  busy.emplace_back([&] {
    while (!stop) ebb::collect();
  });
  for (int i = 0; i < 25; ++i) {
    EXPECT_EQ(in_child([&] { return use_everything(pool); }), 0) << "from main, " << i;
  }
  std::thread([&] {
    for (int i = 0; i < 25; ++i) {
      EXPECT_EQ(in_child([&] { return use_everything(pool); }), 0) << "from a worker, " << i;
    }
  }).join();
  stop = true;
  for (auto& t : busy) t.join();
}

TEST(Fork, collector_thread_restarts_in_the_child_when_something_is_put) {
  if (ebb::test::under_tsan)
    GTEST_SKIP() << "ThreadSanitizer allows no new thread after a fork with threads";
  ebb::set_cycle_period(1ms);
  ebb::object_pool<int> pool;
  burst(pool, 10);
  EXPECT_TRUE(ebb::runtime_info().collector_running);
  const int code = in_child([&] {
    if (ebb::runtime_info().collector_running) return 4;
    burst(pool, 100);
    if (!ebb::runtime_info().collector_running) return 5;
    for (int i = 0; i < 10'000; ++i) {
      if (pool.stats().idle == 0) return 0;
      std::this_thread::sleep_for(1ms);
    }
    return 6;
  });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(ebb::runtime_info().collector_running) << "and in the parent it never stopped";
  ebb::set_cycle_period(0ms);
}

TEST(Fork, inside_a_destructor_that_a_cycle_runs) {
  struct forks {
    int* code;
    ~forks() {
      *code = in_child([] {
        ebb::object_pool<int> fresh;
        burst(fresh, 100);
        ebb::collect();
        ebb::collect();
        return fresh.stats().idle == 0 ? 0 : 7;
      });
    }
  };
  int code = -2;
  ebb::object_pool<forks> pool{[&] { return std::unique_ptr<forks>(new forks{&code}); }};
  pool.get().reset();
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(code, 0);
}

}  // namespace
