// The collector's thread while there is nothing to collect, and with descriptors that are not there.
#include "collector_thread.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pressure.hpp>
#include <ebb/runtime_info.hpp>
#include <support/eventually.hpp>
#include <support/token.hpp>

namespace {

using ebb::detail::collector_thread;
using ebb::test::census;
using ebb::test::eventually;
using ebb::test::make_token;
using ebb::test::token;
using testing::ExitedWithCode;
using namespace std::chrono_literals;

// Two at a time, so that the put is a miss, which is what starts and wakes the thread.
void use(ebb::object_pool<token>& pool) {
  auto a = pool.get();
  auto b = pool.get();
}

// With a period of 1 ms, 100 ms without a cycle are a rest: a busy machine may hold the thread up for so
// long, but then it asks again, and again.
bool no_cycle_for_100_ms() {
  const auto cycles = ebb::runtime_info().cycles;
  std::this_thread::sleep_for(100ms);
  return ebb::runtime_info().cycles == cycles;
}

class CollectorRest : public testing::Test {
 protected:
  void SetUp() override { ebb::set_cycle_period(1ms); }
  void TearDown() override {
    ebb::set_cycle_period(0ms);
    EXPECT_TRUE(eventually([] { return !ebb::runtime_info().collector_running; }));
  }
};

TEST_F(CollectorRest, nothing_runs_while_nothing_is_idle_and_a_miss_starts_it_again) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  for (int round = 0; round < 5; ++round) {
    use(pool);
    EXPECT_TRUE(eventually([&] { return c.alive() == 0; })) << round;
    EXPECT_TRUE(eventually([] { return collector_thread::asks_to_be_woken(); })) << round;
    EXPECT_TRUE(eventually(no_cycle_for_100_ms)) << round;
    EXPECT_TRUE(ebb::runtime_info().collector_running);
  }
}

TEST_F(CollectorRest, it_does_not_rest_while_an_object_is_idle) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .keep_at_least = 1}};
  use(pool);
  for (int i = 0; i < 20; ++i) {  // nobody wakes it
    const auto cycles = ebb::runtime_info().cycles;
    ASSERT_TRUE(eventually([&] { return ebb::runtime_info().cycles > cycles; })) << i;
  }
  EXPECT_EQ(c.alive(), 1);
}

TEST_F(CollectorRest, an_object_that_is_put_while_the_thread_goes_to_rest_is_not_forgotten) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  use(pool);
  for (int round = 0; round < 300; ++round) {
    // At every stage of going to rest: 0 to 6 ms after the last object died.
    EXPECT_TRUE(eventually([&] { return c.alive() == 0; })) << round;
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(20) * round;
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    use(pool);
  }
  EXPECT_TRUE(eventually([&] { return c.alive() == 0; })) << "a wake-up that was missed takes a minute";
}

TEST_F(CollectorRest, a_new_period_ends_it) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  use(pool);
  EXPECT_TRUE(eventually(no_cycle_for_100_ms));
  ebb::set_cycle_period(0ms);
  EXPECT_TRUE(eventually([] { return !ebb::runtime_info().collector_running; }));
  use(pool);
  EXPECT_GT(c.alive(), 0);
}

TEST_F(CollectorRest, says_what_it_watches_once_it_runs) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  use(pool);
  EXPECT_TRUE(eventually([] {
    const std::string source = ebb::runtime_info().pressure_source;
    return !source.starts_with("not watched yet");
  }));
  std::cout << "watches: " << ebb::runtime_info().pressure_source << '\n';
  ebb::watch_pressure(false);
  EXPECT_EQ(ebb::runtime_info().pressure_source, "not watched: watch_pressure(false)");
  ebb::watch_pressure(true);
  EXPECT_TRUE(eventually([] {
    const std::string source = ebb::runtime_info().pressure_source;
    return !source.starts_with("not watched yet");
  }));
}

// The rest run in processes of their own, and end with 0 if all is as it should be.

[[noreturn]] void end_without_descriptors(int at_most) {
  ::alarm(20);
  if (at_most >= 0) {
    const rlimit few{static_cast<rlim_t>(at_most), static_cast<rlim_t>(at_most)};
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) std::_Exit(1);
  }
  ebb::set_cycle_period(1ms);
  static census c;  // outlives the thread
  ebb::object_pool<token> pool{make_token(c)};
  for (int i = 0; i < 3; ++i) {
    use(pool);
    if (!eventually([] { return c.alive() == 0; })) std::_Exit(2);
    // Nobody could wake it: it goes on.
    const auto ten_more = ebb::runtime_info().cycles + 10;
    if (at_most >= 0 && !eventually([&] { return ebb::runtime_info().cycles >= ten_more; })) std::_Exit(4);
  }
  if (at_most < 0) {
    if (!eventually(no_cycle_for_100_ms)) std::_Exit(3);
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);  // as daemons do
  }
  std::exit(0);  // joins the thread, if it can be told
}

TEST(CollectorDescriptors, without_any_left_objects_age_and_the_program_ends) {
  if (ebb::detail::asan_build) GTEST_SKIP() << "UndefinedBehaviorSanitizer looks at types through a pipe";
  EXPECT_EXIT(end_without_descriptors(3), ExitedWithCode(0), "");
  EXPECT_EXIT(end_without_descriptors(0), ExitedWithCode(0), "") << "poll() itself is refused";
}

TEST(CollectorDescriptors, closed_by_the_program_the_program_ends) {
  EXPECT_EXIT(end_without_descriptors(-1), ExitedWithCode(0), "");
}

[[noreturn]] void close_all_and_go_on() {
  ::alarm(20);
  ebb::watch_pressure(false);  // the only descriptor is the one that wakes
  ebb::set_cycle_period(1ms);
  static census c;
  ebb::object_pool<token> pool{make_token(c)};
  use(pool);
  for (int fd = 3; fd < 1024; ++fd) ::close(fd);
  for (int i = 0; i < 20; ++i) {
    ebb::set_cycle_period(std::chrono::milliseconds{1 + i % 2});  // counts as a use of the descriptor
    use(pool);
    if (!eventually([] { return c.alive() == 0; })) std::_Exit(2);
  }
  const auto has_another = [] {
    for (int fd = 3; fd < 64; ++fd) {
      if (::fcntl(fd, F_GETFD) >= 0) return true;
    }
    return false;
  };
  if (!eventually(has_another)) std::_Exit(3);  // poll() returns at once from one that is closed
  std::exit(0);
}

TEST(CollectorDescriptors, closed_while_it_works_it_opens_others) {
  EXPECT_EXIT(close_all_and_go_on(), ExitedWithCode(0), "");
}

}  // namespace
