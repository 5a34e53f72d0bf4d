#include "pressure/watch.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "pressure_fakes.hpp"

namespace {

using ebb::pressure_level;
using ebb::test::fake_machine;
using ebb::test::hand_driven;
using testing::ExitedWithCode;
using namespace std::chrono_literals;
using enum ebb::pressure_level;
using namespace std::string_literals;

TEST(PressureWatch, takes_the_groups_psi_with_short_windows_where_it_may) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  EXPECT_EQ(m.armed, (std::vector<std::string>{"cg/a/b/memory.pressure: some 50000 1000000",
                                               "cg/a/b/memory.pressure: full 100000 1000000"}));
  EXPECT_EQ(w.watch.description(), "PSI of the group /a/b, 1 s windows; no memory limit");
  EXPECT_EQ(w.level_after(0ms), low);
  EXPECT_FALSE(w.watch.next(true)) << "without a limit nothing is looked at";
}

TEST(PressureWatch, takes_windows_of_2_s_where_short_ones_are_refused) {
  for (const int error : {EINVAL, EPERM}) {
    fake_machine m;
    m.unified();
    m.refuse("memory.pressure", " 1000000", error);
    hand_driven w{m};
    w.open();
    EXPECT_EQ(m.armed.back(), "cg/a/b/memory.pressure: full 200000 2000000") << "the same share";
    EXPECT_SAYS(w.watch, "PSI of the group /a/b, 2 s windows");
    m.fire("some");
    EXPECT_EQ(w.level_after(1ms), medium);
  }
}

TEST(PressureWatch, takes_the_machines_psi_where_the_groups_may_not_be_written) {
  for (const int error : {EACCES, EPERM, EROFS, EINVAL, EOPNOTSUPP}) {
    fake_machine m;
    m.unified();
    m.refuse("memory.pressure", "", error);
    hand_driven w{m};
    w.open();
    EXPECT_SAYS(w.watch, "PSI of the machine, 1 s windows");
    EXPECT_SAYS(w.watch, "memory.pressure: ") << "and says why";
    m.fire("full");
    EXPECT_EQ(w.level_after(1ms), high);
  }
}

TEST(PressureWatch, without_psi_watches_the_limit_and_without_that_nothing) {
  fake_machine m;
  m.unified();
  m.remove("cg/a/b/memory.pressure");
  m.remove("proc/pressure");
  hand_driven w{m};
  w.open();
  EXPECT_SAYS(w.watch, "not watched: no PSI (");
  EXPECT_SAYS(w.watch, "proc/pressure/memory: No such file or directory");
  EXPECT_EQ(w.level_after(1h), low);
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.current", "980000\n");
  w.watch.refresh(w.now);
  EXPECT_EQ(w.level_after(1s), high) << "a limit that was set later";
  EXPECT_SAYS(w.watch, "memory.max 976.5 KiB");
  EXPECT_EQ(w.watch.description().find("not watched"), std::string_view::npos);
  m.remove("cg/a/b/memory.max");
  w.watch.refresh(w.now);
  EXPECT_SAYS(w.watch, "no memory limit");
}

TEST(PressureWatch, full_alone_missing_is_said_and_some_still_works) {
  fake_machine m;
  m.unified();
  m.refuse("", "full", ENOMEM);
  hand_driven w{m};
  w.open();
  EXPECT_SAYS(w.watch, "without \"full\"");
  m.fire("some");
  EXPECT_EQ(w.level_after(1ms), medium);
}

TEST(PressureWatch, levels_rise_at_events_and_fall_when_they_stop) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.level_after(1s), low);
  m.fire("some");
  EXPECT_EQ(w.level_after(1ms), medium);
  m.fire("full");
  EXPECT_EQ(w.level_after(1ms), high);
  EXPECT_EQ(w.watch.next(false), w.now + 5s) << "asks to be called although nothing happens";
  EXPECT_EQ(w.level_after(4999ms), high);
  EXPECT_EQ(w.level_after(1ms), medium);
  EXPECT_EQ(w.level_after(5s), low);
  EXPECT_FALSE(w.watch.next(true));
}

TEST(PressureWatch, hybrid_machines_have_psi_in_one_group_and_the_limit_in_another) {
  fake_machine m;
  m.hybrid();
  m.write("v1/m/memory.limit_in_bytes", "1000000\n");
  m.write("v1/m/memory.usage_in_bytes", "500000\n");
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.watch.description(),
            "PSI of the group /u, 1 s windows; memory.limit_in_bytes 976.5 KiB of " + m.path("v1/m"));
  EXPECT_EQ(w.level_after(0ms), low);
  m.write("v1/m/memory.usage_in_bytes", "980000\n");
  m.write("v1/m/memory.stat", "inactive_file 980000\ntotal_inactive_file 60000\ntotal_active_file 10000\n");
  EXPECT_EQ(w.level_after(250ms), medium) << "91 %, with the groups below";
  m.write("v1/m/memory.stat", "total_inactive_file 1\n");
  EXPECT_EQ(w.level_after(50ms), high);
}

TEST(PressureWatch, version_1_alone_has_the_limit_and_the_machines_psi) {
  fake_machine m;
  m.hybrid();
  m.write("proc/self/cgroup", "4:memory:/m/x\n");
  m.write("v1/m/x/memory.limit_in_bytes", "1000000\n");
  m.write("v1/m/x/memory.usage_in_bytes", "990000\n");
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.watch.description(), "PSI of the machine, 1 s windows; memory.limit_in_bytes 976.5 KiB");
  EXPECT_EQ(w.level_after(0ms), high);
}

TEST(PressureWatch, without_groups_or_proc_there_may_still_be_psi) {
  fake_machine m;
  hand_driven w{m};
  w.open();
  EXPECT_EQ(w.watch.description(),
            "no control group is visible; PSI of the machine, 1 s windows; no memory limit");
  m.remove("proc");
  w.open();
  EXPECT_SAYS(w.watch, "not watched: ");
  EXPECT_SAYS(w.watch, "/self/cgroup: No such file or directory");
  EXPECT_EQ(w.level_after(1h), low);
}

TEST(PressureWatch, a_group_that_vanishes_is_looked_for_from_scratch_but_not_all_the_time) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  (void)w.after(10s);
  m.write("proc/self/cgroup", "0::/a\n");
  m.remove("cg/a/b");
  m.armed.clear();
  m.hang_up("some");
  EXPECT_EQ(w.level_after(1ms), low);
  EXPECT_SAYS(w.watch, "PSI of the group /a, 1 s windows");
  EXPECT_EQ(m.armed.size(), 2u);
  // A descriptor that reports its end whenever it is opened must not keep a CPU busy.
  for (int i = 0; i < 1000; ++i) {
    if (m.open_triggers() == 2) m.hang_up("full");
    EXPECT_EQ(w.level_after(10ms), low);
    if (i == 0) {
      EXPECT_SAYS(w.watch, "vanished");
      EXPECT_EQ(w.watch.next(false), w.now - 10ms + 10s);
    }
  }
  EXPECT_LE(m.armed.size(), 4u) << "once more in 10 s";
}

TEST(PressureWatch, a_process_that_was_moved_is_found_at_the_next_cycle) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  EXPECT_TRUE(w.watch.has_news());
  w.watch.refresh(w.now);
  EXPECT_FALSE(w.watch.has_news()) << "nothing is different";
  m.write("cg/c/memory.max", "1000000\n");
  m.write("cg/c/memory.current", "999999\n");
  m.write("cg/c/memory.pressure", "");
  m.write("proc/self/cgroup", "0::/c\n");
  w.watch.refresh(w.now);
  EXPECT_TRUE(w.watch.has_news());
  EXPECT_SAYS(w.watch, "PSI of the group /c");
  EXPECT_EQ(w.level_after(1ms), high);
}

TEST(PressureWatch, a_stall_makes_it_look_for_a_new_limit_at_once) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.current", "990000\n");
  EXPECT_EQ(w.level_after(1s), low) << "it has not been read yet";
  m.fire("some");
  EXPECT_EQ(w.level_after(1ms), high);
  EXPECT_SAYS(w.watch, "memory.max");
}

TEST(PressureWatch, closing_forgets_the_level_and_leaves_no_descriptor) {
  const auto count = [] {
    std::size_t n = 0;
    for (int fd = 0; fd < 256; ++fd) n += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return n;
  };
  const std::size_t before = count();
  {
    fake_machine m;
    m.unified();
    hand_driven w{m};
    for (int i = 0; i < 50; ++i) w.open();
    EXPECT_EQ(count(), before + 2 * 2 + 1) << "two triggers and their other ends, and the events";
    m.fire("full");
    EXPECT_EQ(w.level_after(1ms), high);
    w.watch.close();
    EXPECT_FALSE(w.watch.is_open());
    EXPECT_EQ(count(), before + 2) << "the other ends";
    w.open();
    EXPECT_EQ(w.level_after(1ms), low);
  }
  EXPECT_EQ(count(), before);
}

TEST(PressureWatch, descriptors_that_somebody_else_closed_and_reused_are_left_alone) {
  fake_machine m;
  m.unified();
  hand_driven w{m};
  w.open();
  std::array<pollfd, 3> all{};
  ASSERT_EQ(w.watch.descriptors(all), 3u);
  // As a daemon does; and then it opens a file of its own.
  const int fd = all[0].fd;
  ::close(fd);
  const int other = ::open(m.path("proc/self/cgroup").c_str(), O_RDONLY | O_CLOEXEC);
  if (other != fd) ::close(::dup2(other, fd) == fd ? other : -1);
  w.watch.close();
  EXPECT_GE(::fcntl(fd, F_GETFD), 0) << "still open";
  ::close(fd);
}

TEST(PressureWatch, everything_it_opens_itself_is_closed_on_exec) {
  fake_machine m;
  m.unified();
  const int fd = ebb::detail::arm_trigger(m.path("cg/a/memory.pressure").c_str(), "some 1 2");
  ASSERT_GE(fd, 0);
  EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
  ::close(fd);
  hand_driven w{m};
  w.open();
  std::array<pollfd, 3> all{};
  ASSERT_EQ(w.watch.descriptors(all), 3u);
  for (const pollfd& p : all) EXPECT_EQ(::fcntl(p.fd, F_GETFD), FD_CLOEXEC);
}

TEST(PressureWatch, a_trigger_is_written_with_its_terminating_zero) {
  fake_machine m;
  ::close(ebb::detail::arm_trigger(m.path("proc/pressure/memory").c_str(), "some 50000 1000000"));
  std::ifstream in(m.path("proc/pressure/memory"), std::ios::binary);
  std::string text(19, '?');
  in.read(text.data(), 19);
  EXPECT_EQ(text, "some 50000 1000000\0"s);
  EXPECT_EQ(ebb::detail::arm_trigger(m.path("nowhere").c_str(), "x"), -ENOENT);
}

// Ends with 0 if all is as it should be; runs in a process of its own.
[[noreturn]] void run_out_of_descriptors() {
  fake_machine m;
  m.unified();
  m.write("cg/a/b/memory.max", "1000000\n");
  m.write("cg/a/b/memory.current", "990000\n");
  hand_driven w{m};
  const rlimit none{3, 3};
  rlimit before{};
  (void)::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit soft{3, before.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &soft) != 0) std::_Exit(1);
  w.open();
  if (w.watch.description().find("Too many open files") == std::string_view::npos) std::_Exit(2);
  if (w.level_after(5s) != low) std::_Exit(3);
  if (w.watch.next(false) != w.now + 5s) std::_Exit(4);  // 10 s after the first time
  if (::setrlimit(RLIMIT_NOFILE, &before) != 0) std::_Exit(5);
  if (w.level_after(4999ms) != low) std::_Exit(6);
  if (w.level_after(1ms) != high) std::_Exit(7);
  if (w.watch.description().find("PSI of the group /a/b") == std::string_view::npos) std::_Exit(8);
  // And once more, while all is open: what was read before stays true for a while.
  if (::setrlimit(RLIMIT_NOFILE, &none) != 0) std::_Exit(9);
  const std::string before_that{w.watch.description()};
  w.watch.refresh(w.now);
  if (w.watch.description() != before_that || !w.watch.next(true)) std::_Exit(10);
  std::_Exit(w.level_after(1s) == high ? 0 : 11);
}

TEST(PressureWatch, without_descriptors_says_so_and_tries_again_later) {
  EXPECT_EXIT(run_out_of_descriptors(), ExitedWithCode(0), "");
  for (const char* kind : {"some", "full"}) {  // for one of the triggers there is none
    fake_machine m;
    m.unified();
    m.refuse("", kind, EMFILE);
    hand_driven w{m};
    w.open();
    EXPECT_EQ(w.watch.next(false), w.now + 10s) << kind;
    m.refuse_nothing();
    (void)w.after(10s);
    EXPECT_EQ(w.watch.description(), "PSI of the group /a/b, 1 s windows; no memory limit") << kind;
  }
}

TEST(PressureWatch, a_long_list_of_mounts_is_read_to_its_end) {
  fake_machine m;
  m.unified();
  std::string mounts;
  for (int i = 0; i < 2000; ++i) mounts += "22 27 0:21 / /a/container rw - overlay overlay rw\n";
  m.write("proc/self/mountinfo", mounts + m.read("proc/self/mountinfo"));
  hand_driven w{m};
  w.open();
  EXPECT_SAYS(w.watch, "PSI of the group /a/b, ");
}

// Whatever stands in whichever file: no crash, no pressure out of thin air, and PSI goes on working.
TEST(PressureWatch, survives_malformed_text_in_every_file) {
  const std::vector<std::string> texts = {"",
                                          "\n",
                                          "max",
                                          "max\r\n",
                                          "0",
                                          "-1\n",
                                          "18446744073709551615\n",
                                          "18446744073709551616\n",
                                          "abc\n",
                                          std::string(1'000'000, '1'),
                                          std::string(1'000'000, 'a') + "\n",
                                          std::string(1'000'000, '\n'),
                                          std::string(100'000, '\0'),
                                          "\0 1\n"s,
                                          "1 2 3\n",
                                          "high\nmax\noom\n",
                                          "high -1\nmax -1\noom -1\n",
                                          "high max\nmax max\noom max\n",
                                          "high 18446744073709551616\nmax 1e9\noom +1\n",
                                          "0::\n",
                                          "0::relative\n",
                                          "0::/../../..\n",
                                          "0::/" + std::string(5000, 'x') + "\n",
                                          "0::/a\0b\n"s,
                                          ":::::::::\n",
                                          "- - - - -\n",
                                          "1 2 3 / /nowhere rw - cgroup2 c rw\n",
                                          "1 2 3 /.. / rw - cgroup2 c rw\n",
                                          "\xff\xfe\xfd",
                                          "%s%n%x\n"};
  const std::vector<std::string> files = {
      "proc/self/cgroup",         "proc/self/mountinfo",  "cg/a/b/memory.current", "cg/a/b/memory.max",
      "cg/a/b/memory.high",       "cg/a/b/memory.events", "cg/a/b/memory.stat",    "cg/a/memory.max",
      "cg/a/memory.events.local", "cg/a/memory.current"};
  fake_machine m;
  m.unified();
  m.write("cg/a/b/memory.max", "4194304\n");
  m.write("cg/a/memory.max", "8388608\n");
  int cases = 0;
  for (const std::string& file : files) {
    const std::string original = m.read(file);
    for (const std::string& text : texts) {
      m.write(file, text);
      hand_driven w{m};
      w.open();
      const auto what = file + " = " + text.substr(0, 30);
      // The one that means something: a limit of 0 is how somebody asks for all that there is.
      const bool zero_limit = text == "0" && (file.ends_with("max") || file.ends_with("high"));
      const pressure_level quiet = zero_limit ? w.level_after(300ms) : low;
      EXPECT_EQ(w.level_after(300ms), quiet) << what;
      w.watch.refresh(w.now);
      EXPECT_EQ(w.level_after(300ms), quiet) << what;
      m.fire("full");
      EXPECT_EQ(w.level_after(1ms), high) << what;
      ++cases;
    }
    m.write(file, original);
  }
  EXPECT_GE(cases, 200);
}

}  // namespace
