#include <ebb/detail/idle_budget.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <limits>

#include <support/threads.hpp>

namespace {

using ebb::detail::idle_budget;
using ebb::test::run_together;

TEST(IdleBudget, grants_what_is_wanted_while_there_is_room_and_gets_it_back) {
  idle_budget b(100);
  EXPECT_EQ(b.limit(), 100u);
  EXPECT_EQ(b.used(), 0u);
  EXPECT_EQ(b.reserve(60, 1), 60u);
  EXPECT_EQ(b.used(), 60u);
  EXPECT_EQ(b.reserve(40, 1), 40u);
  EXPECT_EQ(b.used(), 100u);
  EXPECT_EQ(b.reserve(1, 1), 0u);
  b.give_up(7, 1);
  EXPECT_EQ(b.used(), 93u);
  b.give_up(93, 1);
  EXPECT_EQ(b.used(), 0u);
  EXPECT_EQ(b.reserve(100, 1), 100u);
}

TEST(IdleBudget, grants_a_part_when_there_is_not_room_for_all) {
  idle_budget b(10);
  EXPECT_EQ(b.reserve(62, 1), 10u);
  EXPECT_EQ(b.used(), 10u);
  b.give_up(3, 1);
  EXPECT_EQ(b.reserve(62, 1), 3u);
  EXPECT_EQ(b.reserve(62, 1), 0u);
}

TEST(IdleBudget, counts_in_the_units_of_the_objects_and_grants_whole_objects) {
  idle_budget b(1000);
  EXPECT_EQ(b.reserve(5, 300), 3u);
  EXPECT_EQ(b.used(), 900u);
  EXPECT_EQ(b.reserve(5, 101), 0u) << "100 are left";
  EXPECT_EQ(b.used(), 900u) << "and nothing was taken";
  EXPECT_EQ(b.reserve(5, 40), 2u);
  EXPECT_EQ(b.used(), 980u);
  b.give_up(1, 300);
  EXPECT_EQ(b.used(), 680u);
  EXPECT_EQ(b.reserve(1, 320), 1u) << "exactly what is left";
  EXPECT_EQ(b.used(), 1000u);
}

TEST(IdleBudget, of_nothing_grants_nothing_and_wanting_nothing_takes_nothing) {
  idle_budget none(0);
  EXPECT_EQ(none.reserve(1, 1), 0u);
  idle_budget b(5);
  EXPECT_EQ(b.reserve(0, 1), 0u);
  EXPECT_EQ(b.used(), 0u);
}

TEST(IdleBudget, does_not_overflow_near_the_largest_limits) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - 1;
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  idle_budget b(most);
  EXPECT_EQ(b.reserve(62, half), 1u);
  EXPECT_EQ(b.reserve(1, half), 0u);
  EXPECT_EQ(b.reserve(std::numeric_limits<std::uint32_t>::max(), 1), 4'294'967'295u);
  EXPECT_EQ(b.used(), half + 4'294'967'295u);
  b.give_up(1, half);
  EXPECT_EQ(b.used(), 4'294'967'295u);
}

// Each thread counts what it holds before it gives it up and after it was granted, so the sum is never more
// than what is really held.
TEST(IdleBudget, threads_with_different_weights_never_hold_more_than_the_limit) {
  constexpr std::uint64_t limit = 10'000;
  constexpr int threads = 8;
  idle_budget b(limit);
  std::atomic<std::uint64_t> held{0};
  std::atomic<std::uint64_t> granted_in_part{0};
  run_together(threads, [&](int me) {
    ebb::test::dice d(me);
    const std::uint64_t each = static_cast<std::uint64_t>(me) * 100 + 1;  // 1, 101 ... 701
    for (int i = 0; i < 25'000 / ebb::test::slowdown; ++i) {
      const std::uint32_t wanted = 1 + d.roll(62);
      const std::uint32_t granted = b.reserve(wanted, each);
      ASSERT_LE(granted, wanted);
      if (granted != 0 && granted < wanted) ++granted_in_part;
      ASSERT_LE(held.fetch_add(granted * each) + granted * each, limit);
      ASSERT_LE(b.used(), limit);
      if (d.roll(8) == 0) std::this_thread::yield();
      held.fetch_sub(granted * each);
      b.give_up(granted, each);
    }
  });
  EXPECT_EQ(b.used(), 0u);
  EXPECT_GT(granted_in_part, 0u);
}

}  // namespace
