#include "pressure/control.hpp"

#include <ebb/pressure.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/child.hpp>
#include <support/token.hpp>

namespace {

using ebb::pressure_level;
using ebb::detail::pressure_control;
using ebb::test::census;
using ebb::test::in_child;
using ebb::test::make_token;
using ebb::test::token;
using testing::ExitedWithCode;
using namespace std::chrono_literals;
using enum ebb::pressure_level;

class Pressure : public testing::Test {
 protected:
  void TearDown() override {
    ebb::on_pressure_change({});
    pressure_control::kernel_says(low, false);
    ebb::report_pressure(low);
  }
};

TEST_F(Pressure, rising_to_medium_runs_one_cycle_and_to_high_two) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  pool.get().reset();
  ebb::report_pressure(medium);
  EXPECT_EQ(pool.stats().cycles, 1u);
  EXPECT_EQ(c.alive(), 1);
  ebb::report_pressure(medium);
  EXPECT_EQ(pool.stats().cycles, 1u) << "only when it rises";
  ebb::report_pressure(high);
  EXPECT_EQ(pool.stats().cycles, 3u);
  EXPECT_EQ(c.alive(), 0);
  ebb::report_pressure(medium);
  ebb::report_pressure(low);
  EXPECT_EQ(pool.stats().cycles, 3u) << "falling runs none";
  ebb::report_pressure(high);
  EXPECT_EQ(pool.stats().cycles, 5u) << "from low to high: two, not three";
}

TEST_F(Pressure, the_higher_of_what_is_reported_and_what_the_kernel_says_is_in_force) {
  EXPECT_EQ(ebb::pressure(), low);
  pressure_control::kernel_says(medium, false);
  EXPECT_EQ(ebb::pressure(), medium);
  ebb::report_pressure(high);
  EXPECT_EQ(ebb::pressure(), high);
  pressure_control::kernel_says(low, false);
  EXPECT_EQ(ebb::pressure(), high) << "a report stays until the next";
  pressure_control::kernel_says(high, false);
  ebb::report_pressure(low);
  EXPECT_EQ(ebb::pressure(), high);
  EXPECT_EQ(ebb::runtime_info().pressure, high);
  pressure_control::kernel_says(low, false);
  EXPECT_EQ(ebb::pressure(), low);
}

TEST_F(Pressure, relief_is_repeated_when_the_signs_of_high_go_on) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  pool.get().reset();
  int told = 0;
  ebb::on_pressure_change([&](pressure_level, pressure_level) { ++told; });
  pressure_control::kernel_says(high, false);
  const auto cycles = ebb::runtime_info().cycles;
  pressure_control::kernel_says(high, false);
  EXPECT_EQ(ebb::runtime_info().cycles, cycles);
  pressure_control::kernel_says(high, true);
  EXPECT_EQ(ebb::runtime_info().cycles, cycles + 2);
  EXPECT_EQ(told, 1) << "it is no change";
  pressure_control::kernel_says(low, false);
  ebb::on_pressure_change([](pressure_level now, pressure_level) {
    if (now == high) pressure_control::kernel_says(high, true);
  });
  pressure_control::kernel_says(high, false);
  EXPECT_EQ(ebb::runtime_info().cycles, cycles + 2 + 4)
      << "asked for while it changed, and done after that";
}

TEST_F(Pressure, nothing_that_is_put_stays_while_it_is_high) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  for (int round = 0; round < 2; ++round) {
    ebb::report_pressure(high);
    pool.get().reset();
    EXPECT_EQ(pool.stats().idle, 0u);
    EXPECT_EQ(pool.stats().dropped_pressure, static_cast<std::uint64_t>(2 * round + 1));
    ebb::report_pressure(round == 0 ? medium : low);
    pool.get().reset();
    EXPECT_EQ(pool.stats().idle, 1u) << round;
  }
}

TEST_F(Pressure, what_a_relief_frees_is_given_back_to_the_kernel) {
  static std::atomic<int> trims;
  trims = 0;
  ebb::set_trim([] { ++trims; });
  struct block {
    std::byte bytes[4096];
  };
  ebb::object_pool<block> pool;
  {
    std::vector<ebb::pooled<block>> held(300);
    for (auto& b : held) b = pool.get();
  }
  ebb::report_pressure(medium);
  EXPECT_EQ(trims, 0) << "nothing was destroyed yet";
  ebb::report_pressure(high);
  EXPECT_EQ(trims, 1) << "1.2 MB";
  ebb::report_pressure(low);
  pool.get().reset();
  ebb::report_pressure(high);
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(trims, 1) << "4 KiB since";
}

TEST_F(Pressure, changes_are_told_after_the_cycles_and_each_once) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  pool.get().reset();
  std::vector<std::pair<pressure_level, pressure_level>> told;
  std::vector<std::int64_t> alive;
  ebb::on_pressure_change([&](pressure_level now, pressure_level before) {
    told.emplace_back(now, before);
    alive.push_back(c.alive());
    EXPECT_EQ(ebb::pressure(), now);
  });
  for (const auto level : {low, medium, medium, high, low, high, medium, low, low})
    ebb::report_pressure(level);
  EXPECT_EQ(told,
            (std::vector<std::pair<pressure_level, pressure_level>>{
                {medium, low}, {high, medium}, {low, high}, {high, low}, {medium, high}, {low, medium}}));
  EXPECT_EQ(alive, (std::vector<std::int64_t>{1, 0, 0, 0, 0, 0}));
  ebb::on_pressure_change({});
  ebb::report_pressure(high);
  EXPECT_EQ(told.size(), 6u);
}

TEST_F(Pressure, a_change_from_within_a_change_comes_after_it) {
  std::vector<pressure_level> told;
  int depth = 0;
  ebb::on_pressure_change([&](pressure_level now, pressure_level) {
    EXPECT_EQ(++depth, 1) << "never two at a time";
    told.push_back(now);
    if (now == medium) ebb::report_pressure(high);
    if (now == high) ebb::report_pressure(low);
    --depth;
  });
  ebb::report_pressure(medium);
  EXPECT_EQ(told, (std::vector<pressure_level>{medium, high, low}));
}

TEST_F(Pressure, destructors_of_a_relief_may_report_too) {
  struct reporter {
    ~reporter() { ebb::report_pressure(medium); }
  };
  ebb::object_pool<reporter> pool;
  pool.get().reset();
  ebb::report_pressure(high);
  EXPECT_EQ(ebb::pressure(), medium);
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST_F(Pressure, threads_that_report_against_each_other_end_at_the_last_report) {
  std::atomic<int> inside{0};
  std::atomic<int> calls{0};
  ebb::on_pressure_change([&](pressure_level now, pressure_level before) {
    EXPECT_EQ(++inside, 1);
    EXPECT_NE(now, before);
    ++calls;
    --inside;
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 300; ++i) {
        if (t == 0) {
          pressure_control::kernel_says(static_cast<pressure_level>(i % 3), i % 7 == 0);
        } else {
          ebb::report_pressure(static_cast<pressure_level>((i + t) % 3));
        }
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_GT(calls, 0);
  ebb::report_pressure(low);
  pressure_control::kernel_says(low, false);
  EXPECT_EQ(ebb::pressure(), low);
}

TEST_F(Pressure, replacing_the_callback_waits_until_the_old_one_has_returned) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> entered{false};
    std::atomic<bool> replacing{false};
    std::atomic<bool> returns{false};
    auto captured = std::make_shared<int>(round);
    ebb::on_pressure_change([&, captured](pressure_level, pressure_level) {
      entered = true;
      while (!replacing) std::this_thread::yield();
      for (int i = 0; i < 200; ++i)
        std::this_thread::yield();  // the other thread has time to come too early
      returns = true;
    });
    std::thread reporter([] { ebb::report_pressure(medium); });
    while (!entered) std::this_thread::yield();
    replacing = true;
    ebb::on_pressure_change({});
    EXPECT_TRUE(returns) << round;
    EXPECT_EQ(captured.use_count(), 1) << "destroyed, too";
    reporter.join();
    ebb::report_pressure(low);
  }
}

TEST_F(Pressure, says_why_nothing_is_watched) {
  EXPECT_EQ(ebb::runtime_info().pressure_source, "not watched: background cycles are off");
  ebb::set_cycle_period(1h);
  EXPECT_EQ(ebb::runtime_info().pressure_source,
            "not watched yet: the collector's thread starts with the first puts");
  ebb::watch_pressure(false);
  EXPECT_EQ(ebb::runtime_info().pressure_source, "not watched: watch_pressure(false)");
  ebb::watch_pressure(true);
  ebb::set_cycle_period(0ms);
}

// 0 when the environment's word was taken as `expected`. In a process of its own: it is read once.
[[noreturn]] void look_at_environment(const char* expected) {
  ebb::set_cycle_period(1h);
  std::_Exit(ebb::runtime_info().pressure_source.starts_with(expected) ? 0 : 1);
}

TEST_F(Pressure, obeys_the_environment_and_refuses_nonsense_with_a_line) {
  (void)::setenv("EBB_PRESSURE", "off", 1);
  EXPECT_EXIT(look_at_environment("not watched: EBB_PRESSURE=off"), ExitedWithCode(0), "^$");
  (void)::setenv("EBB_PRESSURE", "on", 1);
  EXPECT_EXIT(look_at_environment("not watched yet"), ExitedWithCode(0), "^$");
  for (const char* nonsense : {"", "OFF", "0", "off ", "no"}) {
    (void)::setenv("EBB_PRESSURE", nonsense, 1);
    EXPECT_EXIT(look_at_environment("not watched yet"), ExitedWithCode(0),
                "ebbpool: EBB_PRESSURE=" + std::string(nonsense) + " is ignored; valid are on and off");
  }
  (void)::unsetenv("EBB_PRESSURE");
}

TEST_F(Pressure, a_child_keeps_what_was_reported_and_forgets_what_the_kernel_said) {
  pressure_control::kernel_says(high, false);
  ebb::report_pressure(low);
  EXPECT_EQ(in_child([] {
              if (ebb::pressure() != high) return 1;  // until its own collector or a report settles it
              ebb::report_pressure(medium);
              return ebb::pressure() == medium ? 0 : 2;
            }),
            0);
  EXPECT_EQ(in_child([] {
              pressure_control::kernel_says(low, false);  // as its own collector does first
              return ebb::pressure() == low ? 0 : 3;
            }),
            0);
  EXPECT_EQ(ebb::pressure(), high);
}

TEST_F(Pressure, a_child_of_a_fork_in_the_midst_of_a_change_is_not_stuck) {
  std::atomic<bool> entered{false};
  std::atomic<bool> leave{false};
  ebb::on_pressure_change([&](pressure_level, pressure_level) {
    entered = true;
    while (!leave) std::this_thread::yield();
  });
  std::thread reporter([] { ebb::report_pressure(medium); });
  while (!entered) std::this_thread::yield();
  EXPECT_EQ(in_child([] {
              ebb::on_pressure_change({});  // nobody runs it here
              ebb::report_pressure(high);
              if (ebb::pressure() != high) return 1;
              ebb::report_pressure(low);
              return ebb::pressure() == low ? 0 : 2;
            }),
            0);
  leave = true;
  reporter.join();
}

}  // namespace
