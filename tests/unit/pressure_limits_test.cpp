// Limits and the events at them, noticed by a watch over groups that are made up.
#include "pressure/watch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "pressure_fakes.hpp"

namespace {

using ebb::test::fake_machine;
using ebb::test::hand_driven;
using namespace std::chrono_literals;
using enum ebb::pressure_level;

TEST(PressureLimits, looks_at_the_memory_of_limited_groups_and_more_often_near_the_limit) {
  fake_machine m;
  m.unified();
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.current", "500000\n");
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.level_after(0ms), low);
  EXPECT_EQ(w.watch.next(true), w.now + 250ms);
  EXPECT_FALSE(w.watch.next(false)) << "while nothing is idle nobody has to know";
  m.write("cg/a/b/memory.current", "760000\n");
  EXPECT_EQ(w.level_after(249ms), low);
  EXPECT_EQ(w.level_after(1ms), low);
  EXPECT_EQ(w.watch.next(true), w.now + 50ms);
  m.write("cg/a/b/memory.current", "910000\n");
  EXPECT_EQ(w.level_after(49ms), low);
  EXPECT_EQ(w.level_after(1ms), medium);
  m.write("cg/a/b/memory.current", "970000\n");
  EXPECT_EQ(w.level_after(50ms), high);
  EXPECT_EQ(w.watch.next(false), w.now + 50ms) << "until it is low again";
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(w.after(49ms).relieve_again) << i;
  EXPECT_TRUE(w.after(50ms).relieve_again);
}

TEST(PressureLimits, a_limit_on_an_ancestor_counts_and_the_tightest_wins) {
  fake_machine m;
  m.unified();
  m.write("cg/a/memory.max", "2000000\n");
  m.write("cg/a/memory.current", "1900000\n");
  m.write("cg/a/b/memory.max", "1500000\n");
  m.write("cg/a/b/memory.current", "100000\n");
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.level_after(0ms), medium) << "our siblings have used it up";
  EXPECT_SAYS(w.watch, "memory.max 1.4 MiB");
  m.write("cg/a/b/memory.max", "max\n");
  w.watch.refresh(w.now);
  EXPECT_SAYS(w.watch, "memory.max 1.9 MiB of " + m.path("cg/a"));
  m.write("cg/a/b/memory.max", "2500000\n");
  w.watch.refresh(w.now);
  EXPECT_SAYS(w.watch, "memory.max 1.9 MiB of " + m.path("cg/a"));
  m.write("cg/a/b/memory.high", "1500000\n");
  w.watch.refresh(w.now);
  EXPECT_SAYS(w.watch, "memory.high 1.4 MiB");
  m.write("cg/a/b/memory.current", "2450000\n");
  m.write("cg/a/memory.current", "1000000\n");
  EXPECT_EQ(w.level_after(250ms), high) << "of its own maximum, though its parent has more than that left";
}

TEST(PressureLimits, page_cache_is_not_counted_because_the_kernel_drops_it_first) {
  fake_machine m;
  m.unified();
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.current", "1000000\n");
  m.write("cg/a/b/memory.stat",
          "anon 600000\nfile 400000\nslab_reclaimable 50000\ninactive_file 250000\nactive_file 100000\n");
  hand_driven w{m};
  w.open();
  m.write("cg/a/b/memory.events", "low 0\nhigh 0\nmax 5000\noom 0\n");
  EXPECT_EQ(w.level_after(50ms), low) << "60 %, and events that page cache has caused";
  m.write("cg/a/b/memory.stat", "inactive_file 50000\n");
  EXPECT_EQ(w.level_after(50ms), medium);
  m.write("cg/a/b/memory.stat", "inactive_file 99999999999\n");
  EXPECT_EQ(w.level_after(10s), low) << "more than there is: nothing counts";
  m.remove("cg/a/b/memory.stat");
  EXPECT_EQ(w.level_after(50ms), high) << "unknown: everything counts";
}

TEST(PressureLimits, nothing_that_the_kernel_can_drop_counts_as_used) {
  for (const std::string stat :
       {"inactive_file 300000\n", "active_file 300000\n", "slab_reclaimable 300000\n",
        "inactive_file 18446744073709551615\nactive_file 5\n"}) {
    fake_machine m;
    m.unified();
    m.write("cg/a/b/memory.max", "1000000\n");
    m.write("cg/a/b/memory.current", "1000000\n");
    m.write("cg/a/b/memory.stat", stat);
    hand_driven w{m};
    w.open();
    EXPECT_EQ(w.level_after(0ms), low) << stat;
  }
  for (const std::string stat : {"total_inactive_file 300000\n", "total_active_file 300000\n"}) {
    fake_machine m;
    m.hybrid();
    m.write("v1/m/x/memory.limit_in_bytes", "1000000\n");
    m.write("v1/m/x/memory.usage_in_bytes", "1000000\n");
    m.write("v1/m/x/memory.stat", stat);
    hand_driven w{m};
    w.open();
    EXPECT_EQ(w.level_after(0ms), low) << stat;
  }
}

TEST(PressureLimits, events_count_when_they_rise_and_not_for_what_was_before) {
  fake_machine m;
  m.unified();
  const auto events = [&](const std::string& group, int h, int x, int o) {
    const std::string text = "low 0\nhigh " + std::to_string(h) + "\nmax " + std::to_string(x) + "\noom " +
                             std::to_string(o) + "\noom_kill 0\n";
    m.write(group, text);
  };
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.high", "990000\n");
  m.write("cg/a/b/memory.current", "800000\n");
  events("cg/a/b/memory.events", 7, 8, 9);
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.level_after(0ms), low);
  events("cg/a/b/memory.events", 8, 8, 9);
  EXPECT_EQ(w.level_after(50ms), medium);
  EXPECT_EQ(w.level_after(10s), low) << "it does not rise any more";
  events("cg/a/b/memory.events", 8, 9, 9);
  EXPECT_EQ(w.level_after(50ms), high);
  EXPECT_EQ(w.level_after(5s), medium);
  EXPECT_EQ(w.level_after(5s), low);
  m.write("cg/a/b/memory.current", "1000\n");
  events("cg/a/b/memory.events", 8, 9, 10);
  EXPECT_EQ(w.level_after(250ms), high) << "somebody was killed: however little is used now";
  EXPECT_EQ(w.level_after(5s), medium);
  EXPECT_EQ(w.level_after(5s), low);
  events("cg/a/memory.events.local", 3, 3, 3);
  m.write("cg/a/memory.max", "9000000\n");
  w.watch.refresh(w.now);
  EXPECT_EQ(w.level_after(1s), low) << "what was before the limit is no news either";
  events("cg/a/memory.events", 1, 1, 1);
  EXPECT_EQ(w.level_after(1s), low) << "a sibling at its own limit";
  events("cg/a/memory.events.local", 3, 3, 4);
  EXPECT_EQ(w.level_after(1s), high) << "the ancestor at its limit, which is ours, too";
  hand_driven since{m};
  since.open();
  events("cg/a/b/memory.events", 8, 9, 11);
  EXPECT_EQ(since.level_after(0ms), high) << "what came after it was opened";
  m.write("cg/a/memory.max", "max\n");
  m.write("cg/a/b/memory.max", "max\n");
  m.write("cg/a/b/memory.high", "max\n");
  hand_driven unlimited{m};
  unlimited.open();
  events("cg/a/b/memory.events", 8, 9, 12);
  EXPECT_EQ(unlimited.level_after(0ms), high) << "killed by a limit that is not seen from here";
}

// On a file poll() does not say what it says of memory.events.
TEST(PressureLimits, a_change_of_the_events_makes_it_look_and_is_not_listened_to_for_50_ms) {
  fake_machine m;
  m.unified();
  m.write("cg/a/b/memory.max", "1000000\n");
  hand_driven w{m};
  w.open();
  (void)w.after(0ms);
  std::array<pollfd, 3> all{};
  ASSERT_EQ(w.watch.descriptors(all), 3u);
  all[2].revents = POLLPRI | POLLERR;
  m.write("cg/a/b/memory.current", "980000\n");
  w.now += 1ms;
  EXPECT_EQ(w.watch.notice(all, w.now).level, high);
  EXPECT_EQ(w.watch.descriptors(all), 2u);
  EXPECT_EQ(w.watch.next(false), w.now + 50ms);
  (void)w.after(50ms);
  EXPECT_EQ(w.watch.descriptors(all), 3u);
}

TEST(PressureLimits, a_change_of_the_events_of_a_group_that_is_gone_makes_it_look_for_another) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  (void)w.after(10s);
  std::array<pollfd, 3> all{};
  ASSERT_EQ(w.watch.descriptors(all), 3u);
  all[2].revents = POLLPRI | POLLERR;
  (void)w.watch.notice(all, w.now);
  EXPECT_SAYS(w.watch, "PSI of the group /a/b, ");
  m.write("proc/self/cgroup", "0::/a\n");
  m.remove("cg/a/b");
  (void)w.watch.notice(all, w.now);
  EXPECT_SAYS(w.watch, "PSI of the group /a, ");
}

TEST(PressureLimits, counts_that_vanish_or_go_back_do_no_harm) {
  fake_machine m;
  m.unified();
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.high", "1000000\n");
  m.write("cg/a/b/memory.current", "800000\n");
  m.write("cg/a/b/memory.events", "high 100\nmax 100\noom 100\n");
  hand_driven w{m};
  w.open();
  for (const char* text : {"", "max 5\n", "max x\n", "oom 5\n", "high 5\n", "max 5\n"}) {
    m.write("cg/a/b/memory.events", text);
    EXPECT_EQ(w.level_after(50ms), low) << text;
  }
  m.write("cg/a/b/memory.events", "max 6\n");
  EXPECT_EQ(w.level_after(50ms), high);
}

}  // namespace
