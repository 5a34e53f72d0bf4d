// Producer and consumer on different CPUs, and one thread that wanders.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/child.hpp>
#include <support/threads.hpp>
#include <support/token.hpp>

namespace {

using ebb::test::census;
using ebb::test::in_child;
using ebb::test::make_token;
using ebb::test::run_on_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;
using ebb::test::token;

// One thread gets, another puts: without stealing, the getter would make every object.
TEST(Handover, at_least_80_percent_of_gets_find_what_another_cpu_put) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  constexpr int rounds = 5'000;
  constexpr std::size_t batch = 16;
  std::array<std::unique_ptr<token>, batch> slots;
  std::atomic<int> full{0};  // number of batches the getter has handed over
  std::atomic<int> taken{0};
  run_together(2, [&](int me) {
    run_on_cpu(me);
    for (int i = 0; i < rounds / slowdown; ++i) {
      if (me == 0) {
        while (taken.load() < i) std::this_thread::yield();
        for (auto& s : slots) s = pool.get().detach();
        full.store(i + 1);
      } else {
        while (full.load() < i + 1) std::this_thread::yield();
        for (auto& s : slots) pool.put(std::move(s));
        taken.store(i + 1);
      }
    }
  });
  const auto gets = static_cast<double>(rounds / slowdown) * batch;
  EXPECT_LE(static_cast<double>(c.made), 0.2 * gets) << c.made << " made for " << gets << " gets";
}

TEST(Wandering, one_thread_that_visits_all_cpus_keeps_reusing_one_object) {
  if (ebb::runtime_info().index != ebb::shard_index::mm_cid) GTEST_SKIP() << "needs concurrency ids";
  // In a process of its own: threads that earlier tests left, the collector's for one, take part in the
  // kernel's numbering.
  const int seen = in_child([] {
    census c;
    ebb::object_pool<token> pool{make_token(c)};
    std::set<std::int64_t> ids;
    for (int hop = 0; hop < 2000; ++hop) {
      run_on_cpu(hop);
      for (int i = 0; i < 10; ++i) ids.insert(pool.get()->id());
    }
    return static_cast<int>(std::min<std::size_t>(ids.size(), 100));
  });
  EXPECT_EQ(seen, 1) << "copies follow concurrency, not CPUs";
}

}  // namespace
