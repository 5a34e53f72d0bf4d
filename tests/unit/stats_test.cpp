#include <ebb/stats.hpp>

#include <gtest/gtest.h>

#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <support/one_cpu.hpp>
#include <support/token.hpp>

namespace {

using ebb::test::census;
using ebb::test::make_token;
using ebb::test::token;

TEST(Stats, count_what_happens_before_the_first_put) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  auto h = pool.get();
  EXPECT_FALSE(pool.try_get());
  EXPECT_EQ(pool.stats().made, 1u);
  EXPECT_EQ(pool.stats().missed, 2u);
  EXPECT_EQ(pool.stats().in_use(), 1u);
  EXPECT_EQ(pool.stats().cycles, 0u);
  (void)std::move(h).detach();
  EXPECT_EQ(pool.stats().in_use(), 0u);
}

TEST(Stats, made_equals_in_use_plus_idle_plus_destroyed_plus_detached) {
  census c;
  ebb::object_pool<token> pool{
      {.make = make_token(c), .recycle = [](token& t) { return t.id() % 7 != 0; }, .max_idle = 300}};
  std::vector<ebb::pooled<token>> out;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 40; ++i) out.push_back(pool.get());
    if (round % 5 == 0) (void)std::move(out.back()).detach(), out.pop_back();
    if (round % 3 == 0) out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(out.size() / 2));
    if (round % 8 == 0) ebb::collect();
    const ebb::pool_stats s = pool.stats();
    EXPECT_EQ(s.in_use(), out.size()) << "round " << round;
    EXPECT_EQ(s.made, out.size() + s.idle + s.destroyed() + s.detached) << "round " << round;
    EXPECT_EQ(static_cast<std::uint64_t>(c.made), s.made);
    EXPECT_EQ(static_cast<std::uint64_t>(c.alive()), out.size() + s.idle);
  }
}

TEST(Stats, lower_bounds_are_never_above_the_truth_and_grow_with_bursts) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  std::uint64_t gets = 0;
  std::uint64_t puts = 0;
  for (int burst = 0; burst < 100; ++burst) {
    std::vector<ebb::pooled<token>> out;
    for (int i = 0; i < 150; ++i) out.push_back(pool.get());
    gets += out.size();
    puts += out.size();
    out.clear();
    const ebb::pool_stats s = pool.stats();
    const std::uint64_t reused = s.reused_own + s.reused_depot + s.reused_stolen + s.reused_victim;
    EXPECT_LE(reused, gets - s.made);
    EXPECT_LE(s.put, puts);
  }
  const ebb::pool_stats s = pool.stats();
  EXPECT_GT(s.reused_own, gets / 4) << "a good part of each burst is seen";
  EXPECT_GT(s.put, puts / 4);
  EXPECT_GT(s.reused_depot, 0u);
}

TEST(Stats, misses_and_sources_are_exact) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  {
    std::vector<ebb::pooled<token>> out;
    for (int i = 0; i < 10; ++i) out.push_back(pool.get());
  }
  EXPECT_EQ(pool.stats().missed, 10u);
  ebb::collect();
  {
    std::vector<ebb::pooled<token>> out;
    for (int i = 0; i < 10; ++i) out.push_back(pool.get());
    EXPECT_FALSE(pool.try_get());
    EXPECT_EQ(pool.stats().missed, 11u);
    out.push_back(pool.get());
  }
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.missed, 12u);
  EXPECT_EQ(s.made, 11u);
  EXPECT_EQ(s.reused_victim, 10u) << "each in a magazine of one: no burst had been seen";
  EXPECT_EQ(s.reused_stolen, 0u);
}

}  // namespace
