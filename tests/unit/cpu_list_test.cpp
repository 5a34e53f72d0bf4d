#include "cpu_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using ebb::detail::highest_cpu;

TEST(CpuList, finds_the_highest_id_whatever_the_order) {
  EXPECT_EQ(highest_cpu("0\n"), 0u);
  EXPECT_EQ(highest_cpu("0-1\n"), 1u);
  EXPECT_EQ(highest_cpu("0-3,8,10-11\n"), 11u);
  EXPECT_EQ(highest_cpu("0,127"), 127u) << "sparse: two CPUs, ids to 127";
  EXPECT_EQ(highest_cpu("200-255,0-3"), 255u);
  EXPECT_EQ(highest_cpu("5-5"), 5u);
}

TEST(CpuList, refuses_what_is_not_a_list) {
  for (const char* text : {"", "\n", "-", "0-", "-1", "1-0", "0,", ",0", "0,,1", "a", "0-3x", " 0", "0 ",
                           "0-1-2", "0x10", "0\n\n", "99999999999", "1048576", "+1"}) {
    EXPECT_FALSE(highest_cpu(text)) << '"' << text << '"';
  }
  EXPECT_FALSE(highest_cpu(std::string(100'000, '9')));
  EXPECT_FALSE(highest_cpu(std::string_view("0\0", 2)));
}

}  // namespace
