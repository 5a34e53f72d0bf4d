#include "cycle_clock.hpp"

#include <gtest/gtest.h>

namespace {

using ebb::detail::cycle_clock;
using namespace std::chrono_literals;
using time_point = cycle_clock::time_point;

constexpr time_point start{1h};

TEST(CycleClock, waits_half_as_long_when_much_was_dropped_and_twice_as_long_when_little_was) {
  constexpr auto next = cycle_clock::next_wait;
  EXPECT_EQ(next(4s, 4s, 50, 50), 2s);
  EXPECT_EQ(next(4s, 2s, 50, 50), 1s);
  EXPECT_EQ(next(4s, 1s, 100, 0), 1s) << "not below a quarter of the period";
  EXPECT_EQ(next(4s, 4s, 1, 15), 8s);
  EXPECT_EQ(next(4s, 8s, 0, 100), 8s) << "not above twice the period";
  EXPECT_EQ(next(4s, 4s, 0, 0), 8s) << "nothing idle is nothing dropped";
  EXPECT_EQ(next(4s, 1s, 30, 70), 2s) << "in between: back to the period, step by step";
  EXPECT_EQ(next(4s, 2s, 30, 70), 4s);
  EXPECT_EQ(next(4s, 8s, 30, 70), 4s);
  EXPECT_EQ(next(4s, 4s, 30, 70), 4s);
}

TEST(CycleClock, stays_within_its_bounds_for_every_period_and_history) {
  for (const auto period : {1ns, 3ns, 1000000ns, 5000000000ns, std::chrono::nanoseconds{24h * 365}}) {
    auto wait = cycle_clock::duration{period};
    unsigned history = 12345;
    for (int i = 0; i < 200; ++i) {
      history = history * 1664525u + 1013904223u;
      wait = cycle_clock::next_wait(period, wait, history >> 16 & 0xff, history >> 24);
      ASSERT_GE(wait, std::max(period / 4, cycle_clock::duration{1}));
      ASSERT_LE(wait, period * 2);
    }
  }
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  EXPECT_EQ(cycle_clock::next_wait(4s, 4s, half, half), 2s) << "no overflow";
}

TEST(CycleClock, an_object_that_nobody_uses_is_gone_within_four_periods) {
  // The worst case: the longest wait, twice.
  cycle_clock clock;
  clock.set_period(5s, start);
  EXPECT_EQ(clock.due(false), start + 5s) << "the first counts as it was set";
  clock.cycle_done(0, 1000, false, start + 5s);
  clock.cycle_done(0, 1000, false, start + 15s);
  EXPECT_EQ(clock.due(false), start + 25s);
}

TEST(CycleClock, a_new_period_counts_from_now) {
  cycle_clock clock;
  clock.set_period(1h, start);
  clock.set_period(1s, start + 10s);
  EXPECT_EQ(clock.due(false), start + 11s);
}

TEST(CycleClock, waits_the_shortest_time_while_memory_is_short) {
  cycle_clock clock;
  clock.set_period(4s, start);
  clock.cycle_done(0, 100, false, start + 4s);
  EXPECT_EQ(clock.due(false), start + 12s);
  EXPECT_EQ(clock.due(true), start + 5s);
}

TEST(CycleClock, asks_after_two_empty_cycles_and_may_rest_after_three) {
  cycle_clock clock;
  clock.set_period(1s, start);
  clock.cycle_done(10, 0, true, start);
  EXPECT_FALSE(clock.long_empty());
  clock.cycle_done(0, 0, true, start);
  EXPECT_TRUE(clock.long_empty());
  EXPECT_FALSE(clock.may_rest()) << "one more, after misses have been asked";
  clock.cycle_done(0, 0, false, start);
  EXPECT_FALSE(clock.long_empty()) << "in a row";
  for (int i = 0; i < 3; ++i) clock.cycle_done(0, 0, true, start);
  EXPECT_TRUE(clock.may_rest());
  for (int i = 0; i < 3; ++i) clock.cycle_done(0, 0, true, start);
  EXPECT_TRUE(clock.may_rest());
}

TEST(CycleClock, rests_for_a_minute_at_most_and_starts_anew_after_that) {
  cycle_clock clock;
  clock.set_period(1s, start);
  for (int i = 0; i < 3; ++i) clock.cycle_done(0, 0, true, start);
  clock.rest(start + 3s);
  EXPECT_TRUE(clock.rests());
  EXPECT_EQ(clock.due(false), start + 63s);
  EXPECT_EQ(clock.due(true), start + 63s) << "nothing is idle, whatever the pressure";
  clock.start(start + 10s);
  EXPECT_FALSE(clock.rests());
  EXPECT_FALSE(clock.long_empty());
  EXPECT_EQ(clock.due(false), start + 11s);
}

}  // namespace
