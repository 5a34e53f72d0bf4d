#include <ebb/pooled_buffer.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <support/buffers.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::pooled_buffer;
using ebb::test::fill;
using ebb::test::intact;
using ebb::test::text_of;

static_assert(!std::is_copy_constructible_v<pooled_buffer> && !std::is_copy_assignable_v<pooled_buffer>);
static_assert(std::is_nothrow_move_constructible_v<pooled_buffer>);
static_assert(std::is_nothrow_move_assignable_v<pooled_buffer>);
static_assert(std::is_nothrow_default_constructible_v<pooled_buffer>);
static_assert(std::is_convertible_v<pooled_buffer&, std::span<std::byte>>);
static_assert(std::is_convertible_v<const pooled_buffer&, std::span<const std::byte>>);
static_assert(!std::is_convertible_v<const pooled_buffer&, std::span<std::byte>>);
static_assert(sizeof(pooled_buffer) == 32);

struct PooledBuffer : testing::Test {
  ebb::test::on_one_cpu pinned;
  ebb::buffer_pool pool{{.min_bytes = 16, .max_bytes = 1024}};

  pooled_buffer holding(std::string_view text) {
    pooled_buffer b = pool.get(text.size());
    std::memcpy(b.data(), text.data(), text.size());
    return b;
  }
};

TEST_F(PooledBuffer, append_takes_everything_that_is_bytes_in_one_piece) {
  pooled_buffer b = pool.get(0);
  const std::string string = "<string>";
  std::string changeable = "<span>";
  const std::array<std::byte, 2> bytes{std::byte{'b'}, std::byte{'c'}};
  b.append("<literal>");
  b.append(string);
  b.append(std::string_view("<view>"));
  b.append(std::span<const std::byte>(bytes));
  b.append(std::span<char>(changeable));
  b.append(std::vector<char>{'d', 'e'});
  b.append(std::array<unsigned char, 2>{'f', 'g'});
  b.append(std::vector<std::byte>{std::byte{'h'}, std::byte{'i'}});
  b.append(std::vector<char8_t>{u8'j'});
  b.append('k');
  b.append(std::byte{'l'});
  b.append("mno", 2);
  EXPECT_EQ(text_of(b), "<literal><string><view>bc<span>defghijklmn");
}

TEST_F(PooledBuffer, append_of_nothing_changes_nothing) {
  pooled_buffer b = holding("kept");
  b.append("");
  b.append(nullptr, 0);
  b.append(std::vector<char>{});
  b.append(std::span<const std::byte>{});
  EXPECT_EQ(text_of(b), "kept");
  pooled_buffer of_no_pool;
  of_no_pool.append("");
  of_no_pool.append(of_no_pool);
  EXPECT_TRUE(of_no_pool.empty());
}

TEST_F(PooledBuffer, a_literal_with_a_zero_inside_ends_there_and_a_view_does_not) {
  pooled_buffer b = pool.get(0);
  b.append("a\0b");
  b.append(std::string_view("c\0d", 3));
  EXPECT_EQ(text_of(b), std::string("ac\0d", 4));
}

TEST_F(PooledBuffer, appending_a_part_of_itself_while_it_grows_appends_what_was_there) {
  for (const std::size_t from : {0u, 1u, 7u, 15u}) {
    pooled_buffer b = holding("0123456789abcdef");
    ASSERT_EQ(b.capacity(), b.size()) << "so that it grows";
    const std::byte* const before = b.data();
    b.append(b.data() + from, 16 - from);
    EXPECT_NE(b.data(), before);
    EXPECT_EQ(text_of(b), "0123456789abcdef" + std::string("0123456789abcdef").substr(from));
  }
  pooled_buffer b = holding("0123456789abcdef");
  b.append(b);
  b.append(b.view());
  EXPECT_EQ(b.size(), 64u);
  EXPECT_EQ(b.view().substr(48), "0123456789abcdef");
  b.push_back(b[1]);
  EXPECT_EQ(b[64], std::byte{'1'});
}

TEST_F(PooledBuffer, what_lies_right_before_or_behind_it_is_not_taken_for_its_own) {
  pooled_buffer b = holding("0123456789abcdef");
  std::string around = "0123456789abcdef";
  b.append(around.data() + 3, 13);
  EXPECT_EQ(b.view().substr(16), "3456789abcdef");
  pooled_buffer empty = pool.get(0);
  empty.append(around.data(), 16);
  empty.append(around.data(), 16);
  EXPECT_EQ(text_of(empty), around + around);
}

TEST_F(PooledBuffer, works_with_back_inserters_and_fmt) {
  pooled_buffer b = pool.get(0);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    fmt::format_to(std::back_inserter(b), "{:>4}|{}\n", i, "text");
    fmt::format_to(std::back_inserter(expected), "{:>4}|{}\n", i, "text");
  }
  EXPECT_EQ(b.view(), expected);
  std::copy(expected.begin(), expected.end(), std::back_inserter(b));
  EXPECT_EQ(b.view(), expected + expected);
}

TEST_F(PooledBuffer, converts_to_spans_of_what_is_in_use) {
  pooled_buffer b = holding("abc");
  const std::span<std::byte> writable = b;
  writable[1] = std::byte{'X'};
  const pooled_buffer& fixed = b;
  const std::span<const std::byte> readable = fixed;
  EXPECT_EQ(readable.size(), 3u);
  EXPECT_EQ(readable.data(), b.data());
  EXPECT_EQ(text_of(b), "aXc");
  EXPECT_EQ(fixed[2], std::byte{'c'});
  b[2] = std::byte{'Z'};
  EXPECT_EQ(b.view(), "aXZ");
  EXPECT_TRUE(std::span<const std::byte>(std::as_const(b)).data() == b.data());
  EXPECT_TRUE(std::span<std::byte>(pooled_buffer()).empty());
}

TEST_F(PooledBuffer, resize_keeps_what_fits_and_reserve_changes_no_contents) {
  pooled_buffer b = holding("0123456789");
  b.resize(4);
  EXPECT_EQ(b.view(), "0123");
  b.reserve(500);
  EXPECT_EQ(b.capacity(), 512u);
  EXPECT_EQ(b.view(), "0123");
  const std::byte* const before = b.data();
  b.reserve(512);
  b.reserve(3);
  b.resize(512);
  EXPECT_EQ(b.data(), before) << "there was room";
  EXPECT_EQ(b.view().substr(0, 4), "0123");
  b.resize(0);
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.capacity(), 512u);
}

TEST_F(PooledBuffer, fills_up_to_the_last_byte_before_it_grows) {
  pooled_buffer b = holding("0123456789abcde");
  b.push_back('f');
  EXPECT_EQ(b.capacity(), 16u);
  b.clear();
  b.append("0123456789abcdef");
  EXPECT_EQ(b.capacity(), 16u);
  b.reserve(16);
  b.resize(16);
  EXPECT_EQ(b.capacity(), 16u);
  EXPECT_EQ(b.view(), "0123456789abcdef");
  b.push_back('g');
  EXPECT_EQ(b.capacity(), 32u);
  EXPECT_EQ(b.view(), "0123456789abcdefg");
}

TEST_F(PooledBuffer, prepare_shows_room_and_commit_makes_it_contents) {
  pooled_buffer b = holding("ab");
  std::span<std::byte> room = b.prepare(14);
  EXPECT_EQ(room.data(), b.data() + 2);
  EXPECT_EQ(room.size(), 14u);
  EXPECT_EQ(b.capacity(), 16u) << "it fits exactly";
  EXPECT_EQ(b.size(), 2u);
  std::memcpy(room.data(), "cdefghijklmnop", 14);
  b.commit(3);
  EXPECT_EQ(b.view(), "abcde");
  room = b.prepare(12);  // one more than there is
  EXPECT_EQ(b.capacity(), 32u);
  EXPECT_EQ(room.data(), b.data() + 5);
  std::memcpy(room.data(), "FGHIJKLMNOPQ", 12);
  b.commit(0);
  EXPECT_EQ(b.view(), "abcde");
  b.commit(12);
  EXPECT_EQ(b.view(), "abcdeFGHIJKLMNOPQ");
  b.commit(100);
  EXPECT_EQ(b.size(), b.capacity()) << "no further than there are bytes";
  EXPECT_TRUE(b.prepare(0).empty());
  EXPECT_EQ(b.capacity(), 32u);
}

TEST_F(PooledBuffer, consume_removes_from_the_front) {
  pooled_buffer b = holding("0123456789");
  b.consume(0);
  EXPECT_EQ(b.view(), "0123456789");
  b.consume(3);
  EXPECT_EQ(b.view(), "3456789");
  b.consume(6);
  EXPECT_EQ(b.view(), "9");
  b.consume(2);
  EXPECT_TRUE(b.empty());
  b.consume(1);
  EXPECT_TRUE(b.empty());
  b.append("more");
  b.consume(4);
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.capacity(), 16u);
}

TEST_F(PooledBuffer, clear_keeps_the_memory_and_reset_gives_it_back) {
  pooled_buffer b = holding("0123");
  b.clear();
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.capacity(), 16u);
  EXPECT_EQ(pool.stats().idle, 0u);
  b.append("x");
  b.reset();
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.capacity(), 0u);
  EXPECT_EQ(b.data(), nullptr);
  EXPECT_EQ(pool.stats().idle, 1u);
  b.reset();
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST_F(PooledBuffer, may_be_used_again_after_reset_and_after_it_was_moved_from) {
  pooled_buffer a = holding("first");
  pooled_buffer b = std::move(a);
  EXPECT_EQ(b.view(), "first");
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): what this test is about
  EXPECT_EQ(a.capacity(), 0u);
  a.append("second");
  EXPECT_EQ(a.view(), "second");
  EXPECT_EQ(a.capacity(), 16u) << "from the same pool";
  EXPECT_EQ(b.view(), "first");
  b.reset();
  b.resize(17);
  EXPECT_EQ(b.capacity(), 32u);
  b = pooled_buffer();
  EXPECT_THROW(b.push_back('x'), std::logic_error) << "it is of no pool now";
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(pool.stats().in_use(), 1u);
}

TEST_F(PooledBuffer, assignment_gives_the_old_memory_back_and_to_itself_changes_nothing) {
  pooled_buffer a = holding("a");
  const pooled_buffer big = pool.get(1000);
  pooled_buffer b = pool.get(500);
  a = std::move(b);
  EXPECT_EQ(a.capacity(), 512u);
  EXPECT_EQ(pool.tier_stats(0).idle, 1u);
  a.resize(0);
  a.append("self");
  pooled_buffer& alias = a;
  a = std::move(alias);
  EXPECT_EQ(a.view(), "self");
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.stats().in_use(), 2u);
}

TEST_F(PooledBuffer, swaps_memory_contents_and_pools) {
  ebb::buffer_pool other{{.min_bytes = 100, .max_bytes = 100}};
  pooled_buffer a = holding("aaa");
  pooled_buffer b = other.get(0);
  b.append("bb");
  swap(a, b);
  EXPECT_EQ(a.view(), "bb");
  EXPECT_EQ(a.capacity(), 100u);
  EXPECT_EQ(b.view(), "aaa");
  EXPECT_EQ(b.capacity(), 16u);
  a.reset();
  EXPECT_EQ(other.stats().idle, 1u);
  EXPECT_EQ(pool.stats().idle, 0u);
  pooled_buffer none;
  none.swap(b);
  EXPECT_EQ(none.view(), "aaa");
  EXPECT_EQ(b.data(), nullptr);
  b.append("");
  EXPECT_THROW(b.append("x"), std::logic_error);
}

TEST_F(PooledBuffer, of_no_pool_is_empty_and_cannot_grow) {
  pooled_buffer b;
  EXPECT_EQ(b.data(), nullptr);
  EXPECT_EQ(b.size(), 0u);
  EXPECT_EQ(b.view(), "");
  b.resize(0);
  b.reserve(0);
  b.clear();
  b.consume(5);
  b.commit(5);
  b.reset();
  EXPECT_TRUE(b.prepare(0).empty());
  EXPECT_TRUE(b.empty());
  EXPECT_THROW(b.push_back('x'), std::logic_error);
  EXPECT_THROW(b.append("x"), std::logic_error);
  EXPECT_THROW(b.resize(1), std::logic_error);
  EXPECT_THROW((void)b.prepare(1), std::logic_error);
  try {
    b.reserve(1);
    FAIL() << "no exception";
  } catch (const std::logic_error& e) {
    EXPECT_NE(std::string(e.what()).find("take one from a pool"), std::string::npos) << e.what();
  }
  EXPECT_EQ(std::move(b).detach().data, nullptr);
}

TEST_F(PooledBuffer, above_max_size_growing_throws_and_leaves_it_as_it_was) {
  pooled_buffer b = holding("as it was");
  const std::byte* const data = b.data();
  constexpr std::size_t most = pooled_buffer::max_size();
  EXPECT_THROW(b.resize(most + 1), std::length_error);
  EXPECT_THROW(b.reserve(SIZE_MAX), std::length_error);
  EXPECT_THROW((void)b.prepare(most - 8), std::length_error);
  EXPECT_THROW((void)b.prepare(SIZE_MAX), std::length_error);
  std::size_t count = SIZE_MAX - 3;
  asm volatile("" : "+r"(count));  // or the compiler warns that this cannot work
  EXPECT_THROW(b.append(data, count), std::length_error);
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(b.view(), "as it was");
  EXPECT_EQ(b.capacity(), 16u);
  EXPECT_EQ(pool.stats().in_use(), 1u);
}

TEST_F(PooledBuffer, without_memory_growing_throws_and_leaves_it_as_it_was) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers stop a program that asks for so much";
  pooled_buffer b = holding("as it was");
  const std::byte* const data = b.data();
  EXPECT_THROW(b.resize(pooled_buffer::max_size()), std::bad_alloc);
  EXPECT_THROW((void)b.prepare(pooled_buffer::max_size() - 9), std::bad_alloc);
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(b.view(), "as it was");
  EXPECT_EQ(pool.stats().in_use(), 1u);
}

// Inside the tiers, and above them, where nothing but the buffer itself makes it twofold.
TEST_F(PooledBuffer, grows_at_least_twofold_when_bytes_come_one_by_one) {
  constexpr std::size_t mebibyte = std::size_t{1024} * 1024;
  for (const std::size_t max : {std::size_t{1024}, mebibyte}) {
    ebb::buffer_pool tiers{{.min_bytes = 1024, .max_bytes = max}};
    pooled_buffer b = tiers.get(0);
    int growths = 0;
    for (std::size_t i = 0; i < mebibyte; ++i) {
      const std::size_t capacity = b.capacity();
      b.push_back(ebb::test::pattern_byte(max, i));
      if (b.capacity() == capacity) continue;
      ++growths;
      EXPECT_GE(b.capacity(), 2 * capacity);
    }
    EXPECT_EQ(growths, 10) << "1 KiB to 1 MiB";
    EXPECT_EQ(intact(b, max), mebibyte);
  }
}

TEST_F(PooledBuffer, detached_memory_keeps_its_contents_and_outlives_the_pool) {
  ebb::detached_buffer own;
  {
    ebb::buffer_pool brief{{.min_bytes = 64, .max_bytes = 64}};
    pooled_buffer b = brief.get(40);
    fill(b, 77);
    const std::byte* const data = b.data();
    own = std::move(b).detach();
    EXPECT_EQ(own.data.get(), data);
    EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move): what this test is about
    EXPECT_EQ(brief.stats().detached, 1u);
    EXPECT_EQ(brief.stats().in_use(), 0u);
    EXPECT_EQ(std::move(b).detach().data, nullptr);
    EXPECT_EQ(brief.stats().detached, 1u);
    b.append("again");
    EXPECT_NE(b.data(), data);
  }
  EXPECT_EQ(own.size, 40u);
  EXPECT_EQ(own.capacity, 64u);
  EXPECT_EQ(intact({own.data.get(), own.size}, 77), 40u);
}

}  // namespace
