#include "pressure/judge.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using ebb::pressure_level;
using ebb::detail::pressure_judge;
using ebb::detail::pressure_signs;
using namespace std::chrono_literals;
using enum ebb::pressure_level;
using time_point = pressure_judge::time_point;

constexpr pressure_signs quiet{};

time_point at(std::chrono::milliseconds since_start) { return time_point{} + 1h + since_start; }

TEST(PressureJudge, each_sign_means_what_it_should) {
  struct example {
    const char* what;
    pressure_signs signs;
    pressure_level level;
  };
  const std::vector<example> examples = {
      {"nothing", {}, low},
      {"some stalled", {.some_stalled = true}, medium},
      {"all stalled", {.some_stalled = true, .all_stalled = true}, high},
      {"out of memory", {.out_of_memory = true}, high},
      {"89 % of the maximum", {.of_max = 0.89}, low},
      {"90 % of the maximum", {.of_max = 0.90}, medium},
      {"96 % of the maximum", {.of_max = 0.96}, medium},
      {"97 % of the maximum", {.of_max = 0.97}, high},
      {"90 % of memory.high", {.of_high = 0.90}, medium},
      {"far above memory.high", {.of_high = 3.0}, medium},
      {"the maximum was hit, but by page cache", {.max_hit = true, .of_max = 0.4}, low},
      {"the maximum was hit", {.max_hit = true, .of_max = 0.75}, high},
      {"memory.high was hit, but by page cache", {.high_hit = true, .of_high = 0.4}, low},
      {"memory.high was hit", {.high_hit = true, .of_high = 0.75}, medium},
  };
  for (const example& e : examples) {
    EXPECT_EQ(pressure_judge{}.judge(e.signs, at(0ms)).level, e.level) << e.what;
  }
}

TEST(PressureJudge, rises_at_once_and_falls_by_one_level_after_each_quiet_time) {
  pressure_judge judge;
  const auto level = [&](const pressure_signs& signs, std::chrono::milliseconds t) {
    return judge.judge(signs, at(t)).level;
  };
  EXPECT_EQ(level(quiet, 0ms), low);
  EXPECT_FALSE(judge.next()) << "nothing to wait for";
  EXPECT_EQ(level({.some_stalled = true}, 1000ms), medium);
  EXPECT_EQ(judge.next(), at(6000ms));
  EXPECT_EQ(level(quiet, 5999ms), medium);
  EXPECT_EQ(level(quiet, 6000ms), low);
  EXPECT_EQ(level({.all_stalled = true}, 7000ms), high) << "two levels up at once";
  EXPECT_EQ(level({.some_stalled = true}, 11'999ms), high);
  EXPECT_EQ(level(quiet, 12'000ms), medium) << "what speaks for medium does not keep high";
  EXPECT_EQ(level(quiet, 16'999ms), medium) << "a quiet time for each level";
  EXPECT_EQ(level({.some_stalled = true}, 16'999ms), medium) << "counts from here again";
  EXPECT_EQ(level(quiet, 21'998ms), medium);
  EXPECT_EQ(level(quiet, 21'999ms), low);
}

TEST(PressureJudge, a_share_that_moves_around_a_threshold_does_not_flap) {
  pressure_judge judge;
  EXPECT_EQ(judge.judge({.of_max = 0.971}, at(0ms)).level, high);
  for (int i = 1; i < 1000; ++i) {  // for 100 s, 92.1 % and 97.1 % in turn
    const double share = i % 2 == 0 ? 0.971 : 0.921;
    EXPECT_EQ(judge.judge({.of_max = share}, at(i * 100ms)).level, high) << i;
  }
  EXPECT_EQ(judge.judge({.of_max = 0.919}, at(104'800ms)).level, high);
  EXPECT_EQ(judge.judge({.of_max = 0.919}, at(104'900ms)).level, medium);
  EXPECT_EQ(judge.judge({.of_max = 0.851}, at(200s)).level, medium) << "85 % keep medium";
  EXPECT_EQ(judge.judge({.of_max = 0.849}, at(204'999ms)).level, medium);
  EXPECT_EQ(judge.judge({.of_max = 0.849}, at(205s)).level, low);
  EXPECT_EQ(judge.judge({.of_max = 0.899}, at(206s)).level, low) << "but do not raise it";
}

TEST(PressureJudge, relief_is_repeated_once_a_second_while_the_signs_of_high_go_on) {
  pressure_judge judge;
  EXPECT_FALSE(judge.judge({.of_max = 0.98}, at(0ms)).relieve_again) << "it has just risen";
  EXPECT_FALSE(judge.judge({.of_max = 0.98}, at(999ms)).relieve_again);
  EXPECT_TRUE(judge.judge({.of_max = 0.98}, at(1000ms)).relieve_again);
  EXPECT_FALSE(judge.judge({.of_max = 0.98}, at(1001ms)).relieve_again);
  EXPECT_FALSE(judge.judge({.of_max = 0.95}, at(3000ms)).relieve_again) << "kept, but better";
  EXPECT_TRUE(judge.judge({.all_stalled = true}, at(3001ms)).relieve_again);
  pressure_judge at_medium;
  EXPECT_EQ(at_medium.judge({.some_stalled = true}, at(0ms)).level, medium);
  EXPECT_FALSE(at_medium.judge({.some_stalled = true}, at(2000ms)).relieve_again);
}

TEST(PressureJudge, a_scripted_hour_has_exactly_the_changes_it_should) {
  // A stall of "some" every 2 s, as a window of 2 s reports it, from minute 10 to 20; of "full" in
  // minute 15.
  pressure_judge judge;
  std::vector<std::pair<long, pressure_level>> changes;
  pressure_level before = low;
  for (long second = 0; second < 3600; ++second) {
    pressure_signs signs;
    signs.some_stalled = second >= 600 && second <= 1200 && second % 2 == 0;
    signs.all_stalled = second >= 900 && second < 960 && second % 2 == 0;
    const pressure_level now = judge.judge(signs, at(second * 1000ms)).level;
    if (now != before) changes.emplace_back(second, now);
    before = now;
  }
  EXPECT_EQ(changes, (std::vector<std::pair<long, pressure_level>>{
                         {600, medium}, {900, high}, {963, medium}, {1205, low}}));
}

}  // namespace
