// Out of memory: put drops the object and counts it; nothing else is lost.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <support/threads.hpp>

namespace {

struct item {
  static inline long destroyed = 0;
  ~item() { ++destroyed; }
};

[[noreturn]] void run_out_of_memory() {
  ebb::object_pool<item> pool;
  constexpr std::size_t count = 400'000;  // their magazines take 3 MiB
  std::vector<std::unique_ptr<item>> objects(count);
  for (auto& o : objects) o = std::make_unique<item>();
  pool.put(std::make_unique<item>());
  const rlimit none{1, 1};  // no further mapping
  if (setrlimit(RLIMIT_AS, &none) != 0) std::_Exit(2);
  for (auto& o : objects) pool.put(std::move(o));
  const ebb::pool_stats s = pool.stats();
  const auto dropped = static_cast<std::uint64_t>(item::destroyed);
  if (s.dropped_no_memory == 0 || s.dropped_no_memory != dropped) std::_Exit(3);
  if (s.idle + dropped != count + 1) std::_Exit(4);
  for (std::uint64_t i = 0; i < s.idle; ++i) {
    if (!pool.try_get()) std::_Exit(5);
  }
  ebb::collect();
  ebb::collect();
  std::_Exit(pool.stats().idle == 0 ? 0 : 6);
}

TEST(OutOfMemory, put_drops_what_it_cannot_keep_and_counts_it) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers need address space themselves";
  EXPECT_EXIT(run_out_of_memory(), testing::ExitedWithCode(0), "");
}

[[noreturn]] void run_out_of_memory_at_the_first_put() {
  ebb::object_pool<item> warm;  // the first pool of the process; maps what is shared
  auto first = std::make_unique<item>();
  std::vector<std::unique_ptr<ebb::object_pool<item>>> pools;
  std::vector<std::unique_ptr<item>> objects;
  for (int i = 0; i < 20'000; ++i) {
    pools.push_back(std::make_unique<ebb::object_pool<item>>());
    objects.push_back(std::make_unique<item>());
  }
  warm.put(std::move(first));
  const rlimit none{1, 1};
  if (setrlimit(RLIMIT_AS, &none) != 0) std::_Exit(2);
  std::uint64_t idle = 0;
  std::uint64_t dropped = 0;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    pools[i]->put(std::move(objects[i]));
    idle += pools[i]->stats().idle;
    dropped += pools[i]->stats().dropped_no_memory;
  }
  if (dropped == 0 || idle + dropped != pools.size()) std::_Exit(3);
  std::_Exit(static_cast<std::uint64_t>(item::destroyed) == dropped ? 0 : 4);
}

TEST(OutOfMemory, at_the_first_put_of_a_pool_the_object_is_dropped_and_the_pool_stays_usable) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers need address space themselves";
  EXPECT_EXIT(run_out_of_memory_at_the_first_put(), testing::ExitedWithCode(0), "");
}

}  // namespace
