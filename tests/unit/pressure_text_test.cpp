#include "pressure/text.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace {

using ebb::detail::cgroup_version;
using ebb::detail::no_memory_limit;
using ebb::detail::parse_amount;
using ebb::detail::parse_keyed;
using ebb::detail::parse_membership;
using ebb::detail::parse_mounts;
using ebb::detail::readable_bytes;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr auto v1 = cgroup_version::v1;
constexpr auto v2 = cgroup_version::v2;

TEST(PressureText, amounts_are_digits_or_max) {
  EXPECT_EQ(parse_amount("0\n"), 0u);
  EXPECT_EQ(parse_amount("536870912\n"), 536870912u);
  EXPECT_EQ(parse_amount("536870912"), 536870912u) << "no newline";
  EXPECT_EQ(parse_amount("max\n"), no_memory_limit);
  EXPECT_EQ(parse_amount("max"), no_memory_limit);
  EXPECT_EQ(parse_amount("9223372036854771712\n"), no_memory_limit) << "version 1 on pages of 4 KiB";
  EXPECT_EQ(parse_amount("9223372036854710272\n"), no_memory_limit) << "version 1 on pages of 64 KiB";
  EXPECT_EQ(parse_amount("18446744073709551615\n"), no_memory_limit);
  EXPECT_EQ(parse_amount("1152921504606846975\n"), 1152921504606846975u);
  EXPECT_EQ(parse_amount("1152921504606846976\n"), no_memory_limit);
}

TEST(PressureText, amounts_that_are_none) {
  const std::string long_line(1'000'000, '7');
  const std::string_view bad[] = {"",
                                  "\n",
                                  " ",
                                  "-1",
                                  "-1\n",
                                  "+1",
                                  "0x10",
                                  "1 ",
                                  " 1",
                                  "1\n\n",
                                  "1\r\n",
                                  "max\r\n",
                                  "max ",
                                  " max",
                                  "MAX",
                                  "maximum",
                                  "ma",
                                  "1.5",
                                  "1e9",
                                  "1,000",
                                  "12K",
                                  "1M\n",
                                  "nan",
                                  "inf",
                                  "18446744073709551616",
                                  "99999999999999999999999999",
                                  "-18446744073709551615",
                                  "\0"sv,
                                  "1\0"sv,
                                  "\0"
                                  "1"sv,
                                  "max\0"sv,
                                  "1\n2\n",
                                  "max\nmax\n",
                                  "\xff\xfe",
                                  "1;",
                                  "\t1",
                                  "1\t",
                                  "\v5",
                                  "٣",
                                  "1\f",
                                  "--1",
                                  "0-",
                                  "01x",
                                  "_1",
                                  "1_000",
                                  long_line};
  for (const std::string_view text : bad) EXPECT_EQ(parse_amount(text), std::nullopt) << text.substr(0, 40);
}

TEST(PressureText, keyed_values_are_found_wherever_they_stand) {
  constexpr std::string_view events = "low 0\nhigh 12\nmax 7\noom 1\noom_kill 0\noom_group_kill 0\n";
  EXPECT_EQ(parse_keyed(events, "low"), 0u);
  EXPECT_EQ(parse_keyed(events, "high"), 12u);
  EXPECT_EQ(parse_keyed(events, "max"), 7u);
  EXPECT_EQ(parse_keyed(events, "oom"), 1u) << "and not oom_kill";
  EXPECT_EQ(parse_keyed("oom_kill 3\noom 2", "oom"), 2u) << "no newline at the end";
  EXPECT_EQ(parse_keyed("max 1\nmax 2\n", "max"), 1u) << "the first of two";
  EXPECT_EQ(parse_keyed("garbage\n\n \nmax 4\n", "max"), 4u) << "lines that are none are passed over";
}

TEST(PressureText, keyed_values_that_are_none) {
  const std::string long_line = "max " + std::string(1'000'000, '9');
  const std::string_view bad[] = {"",
                                  "\n",
                                  "max",
                                  "max\n",
                                  "max \n",
                                  "max x\n",
                                  "max -1\n",
                                  "max  1\n",
                                  "max 1 \n",
                                  "max 1\r\n",
                                  "max\t1\n",
                                  "max=1\n",
                                  "max: 1\n",
                                  " max 1\n",
                                  "MAX 1\n",
                                  "maxi 1\n",
                                  "ma 1\n",
                                  "1 max\n",
                                  "max 1 2\n",
                                  "max max\n",
                                  "max 0x1\n",
                                  "max +1\n",
                                  "max 1.0\n",
                                  "max\0 1\n"sv,
                                  "max 1\0\n"sv,
                                  "\0max 1\n"sv,
                                  "max 18446744073709551616\n",
                                  "high 1\n",
                                  "\xffmax 1\n",
                                  "max 99999999999999999999999\n",
                                  "max \xd9\xa1\n",
                                  long_line};
  for (const std::string_view text : bad) {
    EXPECT_EQ(parse_keyed(text, "max"), std::nullopt) << text.substr(0, 40);
  }
  EXPECT_EQ(parse_keyed("max 18446744073709551615\n", "max"), ~std::uint64_t{0});
}

TEST(PressureText, membership_on_unified_hybrid_and_legacy_machines) {
  EXPECT_EQ(parse_membership("0::/user.slice/a.scope\n", v2), "/user.slice/a.scope");
  EXPECT_EQ(parse_membership("0::/\n", v2), "/");
  EXPECT_EQ(parse_membership("0::/with:colon and blank\n", v2), "/with:colon and blank");
  EXPECT_EQ(parse_membership("0::/\n", v1), std::nullopt);
  constexpr std::string_view hybrid = "9:name=systemd:/s\n4:memory:/m/x\n1:cpu,cpuacct:/c\n0::/u\n";
  EXPECT_EQ(parse_membership(hybrid, v2), "/u");
  EXPECT_EQ(parse_membership(hybrid, v1), "/m/x");
  EXPECT_EQ(parse_membership("5:hugetlb,memory:/both\n", v1), "/both");
  EXPECT_EQ(parse_membership("5:memory_not:/x\n4:name=memory:/y\n", v1), std::nullopt);
  EXPECT_EQ(parse_membership("0::/gone (deleted)\n", v2), "/gone (deleted)");
}

TEST(PressureText, memberships_that_are_none) {
  const std::string_view bad[] = {"",
                                  "\n",
                                  "0",
                                  "0:",
                                  "0::",
                                  "0::\n",
                                  "0::x\n",
                                  "0:/x\n",
                                  "::/x\n",
                                  "1::/x\n",
                                  "0:memory/x\n",
                                  "-0::/x\n",
                                  "00::/\n",
                                  " 0::/x\n",
                                  "0 ::/x\n",
                                  "0: :/x\n",
                                  "0::/x\0y\n"sv,
                                  "\0:: /x\n"sv,
                                  ":memory\n",
                                  "4:memory:\n",
                                  "4:memory:x\n",
                                  "4:memory",
                                  "\r\n",
                                  "4:Memory:/\n",
                                  "memory:/x\n",
                                  "4;memory;/x\n",
                                  "0::\t/x\n",
                                  "0::\\x\n",
                                  "#0::/x\n",
                                  "0\n::/x\n"};
  for (const std::string_view text : bad) {
    EXPECT_EQ(parse_membership(text, v2), std::nullopt) << text;
    EXPECT_EQ(parse_membership(text, v1), std::nullopt) << text;
  }
  EXPECT_EQ(parse_membership("0::/x\r\n", v2), "/x\r") << "a name may end so; there will be no such folder";
}

constexpr std::string_view hybrid_mounts =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 master:1 - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST(PressureText, mounts_lead_to_the_folder_of_the_group) {
  const auto unified = parse_mounts(hybrid_mounts, v2, "/a/b");
  ASSERT_TRUE(unified);
  EXPECT_EQ(unified->directory, "/sys/fs/cgroup/unified/a/b");
  EXPECT_EQ(unified->top, "/sys/fs/cgroup/unified");
  const auto legacy = parse_mounts(hybrid_mounts, v1, "/m");
  ASSERT_TRUE(legacy) << "with optional fields before the dash";
  EXPECT_EQ(legacy->directory, "/sys/fs/cgroup/memory/m");
  EXPECT_EQ(parse_mounts(hybrid_mounts, v2, "/")->directory, "/sys/fs/cgroup/unified");
}

TEST(PressureText, mounts_of_a_part_of_the_hierarchy) {
  constexpr std::string_view of_container = "41 31 0:38 /docker/ab /cg ro - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(parse_mounts(of_container, v2, "/docker/ab")->directory, "/cg");
  EXPECT_EQ(parse_mounts(of_container, v2, "/docker/ab/in")->directory, "/cg/in");
  EXPECT_EQ(parse_mounts(of_container, v2, "/docker/ab/in")->top, "/cg");
  EXPECT_FALSE(parse_mounts(of_container, v2, "/docker/abc")) << "another one";
  EXPECT_FALSE(parse_mounts(of_container, v2, "/docker"));
  EXPECT_FALSE(parse_mounts(of_container, v2, "/"));
  EXPECT_FALSE(parse_mounts(hybrid_mounts, v2, "/../x")) << "outside of the namespace";
  EXPECT_FALSE(parse_mounts(hybrid_mounts, v2, "/a/../../x"));
  constexpr std::string_view two =
      "1 0 0:38 /else /a rw - cgroup2 c rw\n2 0 0:38 /mine /b rw - cgroup2 c rw\n";
  EXPECT_EQ(parse_mounts(two, v2, "/mine/x")->directory, "/b/x") << "the first that shows it";
  EXPECT_EQ(parse_mounts("1 0 0:1 / /a\\040b\\134c rw - cgroup2 c rw\n", v2, "/g")->directory, "/a b\\c/g");
  EXPECT_EQ(parse_mounts("1 0 0:1 / /a\\04 rw - cgroup2 c rw\n", v2, "/g")->directory, "/a\\04/g");
  EXPECT_EQ(parse_mounts("1 0 0:1 / /a\\04x rw - cgroup2 c rw\n", v2, "/g")->directory, "/a\\04x/g");
}

TEST(PressureText, mounts_that_are_none) {
  const std::string many(1'000'000, ' ');
  const std::string_view bad[] = {"",
                                  "\n",
                                  "-",
                                  " - ",
                                  "- cgroup2",
                                  "1",
                                  "1 2",
                                  "1 2 3",
                                  "1 2 3 /",
                                  "1 2 3 / /x",
                                  "1 2 3 / /x rw",
                                  "1 2 3 / /x rw -",
                                  "1 2 3 / /x rw - ",
                                  "1 2 3 / /x rw - cgroup",
                                  "1 2 3 / /x rw - cgroup3 c rw",
                                  "1 2 3 / /x rw - CGROUP2 c rw",
                                  "1 2 3 x /x rw - cgroup2 c rw",
                                  "1 2 3 / x rw - cgroup2 c rw",
                                  "1 2 3  /x rw - cgroup2 c rw",
                                  "1 2 3 / /x rw cgroup2 c rw",
                                  "1 2 3 / /x rw -cgroup2 c rw",
                                  "1 2 3 /x rw - cgroup2 c rw",
                                  "1 2 3 / /x\0y rw - cgroup2 c rw"sv,
                                  "1\t2\t3\t/\t/x\trw\t-\tcgroup2\tc",
                                  "1 2 3 / /x rw - cgroup c rw,memoryless",
                                  "1 2 3 / /x rw - cgroup c memory rw",
                                  "\0\0\0"sv,
                                  "1 2 3 / /x rw - cgroup c",
                                  "1 2 3 / /x rw - cgroup c Memory",
                                  "\r\n\r\n",
                                  "/ / / / / / / /",
                                  many};
  for (const std::string_view text : bad) {
    EXPECT_FALSE(parse_mounts(text, v2, "/")) << text.substr(0, 60);
    EXPECT_FALSE(parse_mounts(text, v1, "/")) << text.substr(0, 60);
  }
}

TEST(PressureText, bytes_are_readable) {
  EXPECT_EQ(readable_bytes(0), "0 bytes");
  EXPECT_EQ(readable_bytes(1023), "1023 bytes");
  EXPECT_EQ(readable_bytes(1024), "1 KiB");
  EXPECT_EQ(readable_bytes(4096), "4 KiB");
  EXPECT_EQ(readable_bytes(536870912), "512 MiB");
  EXPECT_EQ(readable_bytes(1610612736), "1.5 GiB");
  EXPECT_EQ(readable_bytes(std::uint64_t{24} << 30), "24 GiB");
  EXPECT_EQ(readable_bytes(~std::uint64_t{0}), "16777215.9 TiB");
}

}  // namespace
