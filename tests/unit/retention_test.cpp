// The rule of Go's encoding/json (v2) for buffers that are larger than what they are used for.
#include <ebb/detail/retention.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace {

using ebb::detail::retention;

constexpr std::size_t large = std::size_t{64} * 1024;
constexpr std::size_t quarter = large / 4;

// How often in a row it is kept, used like this.
int times_kept(retention& r, std::size_t capacity, std::size_t length) {
  int times = 0;
  while (times < 100 && r.keep(capacity, length)) ++times;
  return times;
}

TEST(Retention, keeps_or_drops_by_capacity_and_length_exactly_at_the_borders) {
  struct row {
    std::size_t capacity;
    std::size_t length;
    bool is_good;
  };
  constexpr std::array<row, 15> table{{{0, 0, true},
                                       {64, 0, true},
                                       {4095, 0, true},
                                       {4096, 0, true},
                                       {4097, 0, false},
                                       {4097, 1023, false},
                                       {4097, 1024, true},
                                       {8192, 0, false},
                                       {8192, 1, false},
                                       {8192, 2047, false},
                                       {8192, 2048, true},
                                       {8192, 8192, true},
                                       {std::size_t{1} << 40, (std::size_t{1} << 38) - 1, false},
                                       {std::size_t{1} << 40, std::size_t{1} << 38, true},
                                       {std::size_t{1} << 40, std::size_t{1} << 40, true}}};
  for (const row& r : table) {
    retention fresh;
    EXPECT_EQ(times_kept(fresh, r.capacity, r.length), r.is_good ? 100 : 4)
        << r.length << " bytes in " << r.capacity;
    // A good use forgives all strikes; a bad one is the fifth.
    retention struck;
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(struck.keep(large, quarter - 1));
    EXPECT_EQ(struck.keep(r.capacity, r.length), r.is_good) << r.length << " bytes in " << r.capacity;
    EXPECT_EQ(times_kept(struck, large, 0), 4) << "it starts again";
  }
}

TEST(Retention, a_good_use_after_any_number_of_bad_ones_forgives_them) {
  for (int bad = 0; bad <= 4; ++bad) {
    retention r;
    for (int i = 0; i < bad; ++i) EXPECT_TRUE(r.keep(large, 0));
    EXPECT_TRUE(r.keep(large, quarter));
    EXPECT_EQ(times_kept(r, large, 0), 4);
  }
}

TEST(Retention, the_next_capacity_is_the_power_of_two_that_holds_the_last_length_and_at_least_64) {
  for (const std::size_t small : {0u, 1u, 63u, 64u}) EXPECT_EQ(retention::next_capacity(small), 64u);
  EXPECT_EQ(retention::next_capacity(65), 128u);
  EXPECT_EQ(retention::next_capacity(1000), 1024u);
  for (int i = 7; i < 63; ++i) {
    const std::size_t power = std::size_t{1} << i;
    EXPECT_EQ(retention::next_capacity(power - 1), power);
    EXPECT_EQ(retention::next_capacity(power), power);
    EXPECT_EQ(retention::next_capacity(power / 2 + 1), power);
  }
}

// All ways to use a buffer 16 times with nothing or with just enough: up to any good use, on average 5 % of
// it were in use, and the worst of them reach that bound.
TEST(Retention, what_stays_is_used_by_5_percent_on_average_whatever_its_users_do) {
  constexpr int uses = 16;
  double worst = 1;
  for (std::uint32_t sequence = 0; sequence < 1u << uses; ++sequence) {
    retention r;
    std::size_t in_use = 0;
    for (int i = 0; i < uses; ++i) {
      const bool good = (sequence >> i & 1) != 0;
      const std::size_t length = good ? quarter : 0;
      if (!r.keep(large, length)) break;
      in_use += length;
      if (good) {
        worst = std::min(worst, static_cast<double>(in_use) / static_cast<double>(large) / (i + 1));
      }
    }
  }
  EXPECT_DOUBLE_EQ(worst, 0.05);
}

}  // namespace
