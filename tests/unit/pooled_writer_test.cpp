#include <ebb/pooled_writer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#if __has_include(<fmt/format.h>)
#define FMT_HEADER_ONLY 1
#include <fmt/format.h>
#endif

#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::buffer_pool;
using ebb::pooled_writer;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Text in which every place can be told from its neighbours.
std::string text(std::size_t bytes, std::size_t from = 0) {
  std::string s;
  for (std::size_t i = 0; i < bytes; ++i) s.push_back(static_cast<char>('!' + (from + i) % 89));
  return s;
}

// What a sink was asked to write, and how it answers.
struct record {
  std::vector<std::string> calls = {};
  std::string all = {};                // what it took
  std::size_t most = SIZE_MAX;         // bytes it takes in one call
  std::size_t fails_on = SIZE_MAX;     // calls before one that sets `error`
  std::size_t takes_when_failing = 0;  // bytes
  std::error_code error = std::make_error_code(std::errc::no_space_on_device);
  const std::byte* last = nullptr;
};

auto sink_of(record& r) {
  return [&r](std::span<const std::byte> bytes, std::error_code& error) {
    const bool fails = r.calls.size() == r.fails_on;
    const std::size_t taken = std::min(bytes.size(), fails ? r.takes_when_failing : r.most);
    r.calls.emplace_back(text_of(bytes));
    r.all.append(text_of(bytes.first(taken)));
    r.last = bytes.data();
    if (fails) error = r.error;
    return taken;
  };
}
using recording_sink = decltype(sink_of(std::declval<record&>()));
using writer = pooled_writer<recording_sink>;

static_assert(!std::is_copy_constructible_v<writer> && std::is_nothrow_move_constructible_v<writer>);
static_assert(ebb::writer_sink<ebb::fd_sink> && ebb::writer_sink<std::reference_wrapper<recording_sink>>);
static_assert(!ebb::writer_sink<int (*)(int)>);
static_assert(std::is_same_v<decltype(pooled_writer{ebb::fd_sink{1}}), pooled_writer<ebb::fd_sink>>);

TEST(PooledWriter, passes_on_full_buffers_and_large_writes_as_bufio_does) {
  buffer_pool pool{{.min_bytes = 8}};
  record r;
  pooled_writer out{pool, sink_of(r), 8};
  out.write("abcde");
  out.write("fgh");  // full, and that is enough for now
  EXPECT_EQ(r.calls.size(), 0u);
  out.write("i");
  out.write("0123456789ABCDEFGHIJ");  // fills the buffer; of the rest, 13 bytes, nothing is copied
  out.write("k");
  out.flush();
  EXPECT_EQ(r.calls, (std::vector<std::string>{"abcdefgh", "i0123456", "789ABCDEFGHIJ", "k"}));
}

TEST(PooledWriter, counts_what_is_buffered_and_what_is_available) {
  buffer_pool pool{{.min_bytes = 16}};
  record r;
  pooled_writer out{pool, sink_of(r), 10};
  EXPECT_EQ(out.size(), 10u);
  for (std::size_t i = 0; i <= 10; ++i) {
    EXPECT_EQ(out.buffered(), i);
    EXPECT_EQ(out.available(), 10 - i) << "a larger buffer of the pool makes no difference";
    out.push_back('x');
  }
  EXPECT_EQ(r.calls, std::vector<std::string>{"xxxxxxxxxx"});
  EXPECT_EQ(out.buffered(), 1u);
}

TEST(PooledWriter, has_a_buffer_only_while_something_is_pending) {
  const ebb::test::on_one_cpu here;
  buffer_pool pool;
  const std::byte* const idle = pool.get(2048).data();
  record r;
  pooled_writer out{pool, sink_of(r), 2048};
  EXPECT_EQ(pool.stats().idle, 1u) << "not before the first write";
  for (int i = 0; i < 3; ++i) {
    out.write("x");
    EXPECT_EQ(pool.stats().idle, 0u);
    EXPECT_EQ(out.pending().data(), idle);
    out.flush();
    EXPECT_EQ(pool.stats().idle, 1u);
    out.write("y");
    out.write(text(5000));
    EXPECT_EQ(pool.stats().idle, 1u) << "the rest went straight to the sink";
    out.write(std::string_view{});
    EXPECT_EQ(pool.stats().idle, 1u);
  }
  EXPECT_EQ(pool.stats().made, 1u);
}

TEST(PooledWriter, a_large_write_goes_to_the_sink_without_a_buffer_or_a_copy) {
  buffer_pool pool;
  record r;
  pooled_writer out{pool, sink_of(r), 1024};
  const std::string large = text(1025);
  out.write(large);
  EXPECT_EQ(static_cast<const void*>(r.last), large.data());
  EXPECT_EQ(r.all, large);
  EXPECT_EQ(pool.stats().made, 0u);
}

TEST(PooledWriter, takes_text_bytes_ranges_and_single_characters) {
  buffer_pool pool;
  record r;
  {
    pooled_writer out{pool, sink_of(r)};
    const std::array<std::byte, 2> bytes{std::byte{'b'}, std::byte{'c'}};
    const std::string string = "string";
    std::error_code error = std::make_error_code(std::errc::io_error);
    out.write("a");
    out.write(bytes);
    out.write(std::vector<unsigned char>{'d', 'e'});
    out.write(string);
    out.write("ghi", 2);
    out.push_back('h');
    out.push_back(std::byte{'i'});
    EXPECT_EQ(out.write("jk", error), 2u);
    EXPECT_FALSE(error);
    EXPECT_EQ(out.write(bytes, error) + out.write(std::vector<char>{'l'}, error), 3u);
    EXPECT_EQ(out.write("mn", 1, error), 1u);
  }
  EXPECT_EQ(r.all, "abcdestringghhijkbclm");
}

#if defined(FMT_HEADER_ONLY)
TEST(PooledWriter, is_what_fmt_writes_to) {
  buffer_pool pool;
  record r;
  pooled_writer out{pool, sink_of(r), 16};
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    fmt::format_to(std::back_inserter(out), "{:>4}|{}|", i, text(static_cast<std::size_t>(i)));
    fmt::format_to(std::back_inserter(expected), "{:>4}|{}|", i, text(static_cast<std::size_t>(i)));
  }
  out.flush();
  EXPECT_EQ(r.all, expected);
}
#endif

TEST(PooledWriter, no_byte_is_lost_doubled_or_moved_whatever_the_sizes_and_however_short_the_writes) {
  buffer_pool pool{{.min_bytes = 1}};
  ebb::test::dice dice{1};
  for (const std::size_t most : {1u, 2u, 7u, 64u, 100'000u}) {
    for (const std::size_t size : {1u, 2u, 63u, 64u, 65u}) {
      record r{.most = most};
      writer out{pool, sink_of(r), size};
      std::string expected;
      for (int i = 0; i < 300; ++i) {
        const std::string piece = text(dice.roll(200), expected.size());
        out.write(piece);
        expected += piece;
        ASSERT_EQ(r.all.size() + out.buffered(), expected.size());
        if (dice.roll(10) == 0) out.flush();
      }
      out.flush();
      ASSERT_EQ(r.all, expected) << "sink takes " << most << ", size " << size;
    }
  }
}

// Writes pieces until one fails, then checks that every byte that was taken is accounted for in order.
void expect_sticky(record& r, std::size_t size, bool flushes) {
  buffer_pool pool{{.min_bytes = 1}};
  writer out{pool, sink_of(r), size};
  std::string taken;
  std::error_code error;
  for (std::size_t i = 0; !error; ++i) {
    const std::string piece = text(i * 7 % 40, taken.size());
    const std::size_t count = out.write(piece, error);
    ASSERT_TRUE(error || count == piece.size());
    taken += piece.substr(0, count);
    if (!error && flushes) out.flush(error);
  }
  const std::size_t calls = r.calls.size();
  EXPECT_EQ(calls, r.fails_on + 1);
  EXPECT_EQ(r.all + std::string(text_of(out.pending())), taken);
  EXPECT_EQ(error, r.error);
  EXPECT_EQ(out.error(), r.error);

  const std::string pending(text_of(out.pending()));
  EXPECT_EQ(out.write("no", error), 0u);
  EXPECT_EQ(error, r.error);
  error.clear();
  EXPECT_EQ(out.write("", error), 0u);
  EXPECT_EQ(error, r.error);
  error.clear();
  out.flush(error);
  EXPECT_EQ(error, r.error);
  for (const auto& use : {std::function<void()>([&] { out.write("no"); }),
                          {[&] { out.write(""); }},
                          {[&] { out.push_back('n'); }},
                          {[&] { out.write(text(1000)); }},
                          {[&] { out.flush(); }}}) {
    try {
      use();
      ADD_FAILURE() << "no exception";
    } catch (const std::system_error& e) {
      EXPECT_EQ(e.code(), r.error);
    }
  }
  EXPECT_EQ(r.calls.size(), calls) << "nothing more is tried";
  EXPECT_EQ(text_of(out.pending()), pending);

  out.clear_error();
  out.write("on");
  out.flush();
  EXPECT_EQ(r.all, taken + "on");
  EXPECT_EQ(pool.stats().idle, pool.stats().made);
}

TEST(PooledWriter, an_error_stays_and_what_is_pending_too_until_clear_error) {
  for (std::size_t call = 0; call < 30; ++call) {
    for (const std::size_t takes : {0u, 1u, 5u, 1000u}) {
      for (const std::size_t most : {3u, 1000u}) {
        for (const std::size_t size : {1u, 16u, 1000u}) {
          for (const bool flushes : {false, true}) {
            record r{.most = most, .fails_on = call, .takes_when_failing = takes};
            expect_sticky(r, size, flushes);
            if (HasFatalFailure() || HasNonfatalFailure()) {
              FAIL() << "call " << call << " takes " << takes << ", others " << most << ", size " << size;
            }
          }
        }
      }
    }
  }
}

TEST(PooledWriter, a_sink_that_takes_nothing_or_more_than_there_is_is_an_error) {
  buffer_pool pool;
  for (const std::size_t answer : {std::size_t{0}, std::size_t{4}, SIZE_MAX}) {
    pooled_writer out{pool, [&](std::span<const std::byte>, std::error_code&) { return answer; }};
    out.write("abc");
    std::error_code error;
    out.flush(error);
    EXPECT_EQ(error, std::errc::io_error);
    EXPECT_EQ(text_of(out.pending()), "abc");
  }
}

TEST(PooledWriter, a_sink_may_say_minus_one_with_its_error_as_write_does) {
  buffer_pool pool;
  pooled_writer out{pool, [](std::span<const std::byte>, std::error_code& error) {
                      error = std::make_error_code(std::errc::resource_unavailable_try_again);
                      return std::ptrdiff_t{-1};
                    }};
  out.write("abc");
  std::error_code error;
  out.flush(error);
  EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
  EXPECT_EQ(text_of(out.pending()), "abc");
}

TEST(PooledWriter, an_exception_of_the_sink_passes_through_and_is_an_error_from_then_on) {
  struct scenario {
    std::size_t first;
    std::size_t second;  // 0: flush instead
    std::size_t pending;
    std::size_t size = 16;
  };
  for (const scenario& s : {scenario{16, 0, 12}, {16, 1, 12}, {4, 100, 12}, {0, 100, 0}, {3, 100, 0, 4}}) {
    buffer_pool pool;
    std::string passed_on;
    int calls = 0;
    pooled_writer out{pool,
                      [&](std::span<const std::byte> bytes, std::error_code&) -> std::size_t {
                        if (++calls == 3) throw std::runtime_error("sink");
                        passed_on += text_of(bytes.first(2));
                        return 2;
                      },
                      s.size};
    const std::string all = text(s.first + s.second);
    out.write(all.substr(0, s.first));
    EXPECT_THROW(s.second == 0 ? out.flush() : out.write(all.substr(s.first)), std::runtime_error);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(out.buffered(), s.pending);
    const std::string known = passed_on + std::string(text_of(out.pending()));
    EXPECT_EQ(known, all.substr(0, known.size()));
    EXPECT_EQ(pool.stats().idle, s.pending == 0 ? pool.stats().made : 0u);

    EXPECT_THROW(out.write("y"), std::system_error);
    EXPECT_THROW(out.flush(), std::system_error);
    EXPECT_EQ(out.error(), std::errc::io_error);
    EXPECT_EQ(out.buffered(), s.pending);
    EXPECT_EQ(calls, 3);
  }
}

TEST(PooledWriter, its_destructor_passes_on_what_is_pending_and_ignores_errors) {
  buffer_pool pool;
  record good;
  record bad{.fails_on = 0};
  record worse{.fails_on = 0};
  {
    pooled_writer a{pool, sink_of(good)};
    pooled_writer b{pool, sink_of(bad)};
    pooled_writer c{pool, sink_of(worse)};
    pooled_writer d{pool, [](auto, std::error_code&) -> std::size_t { throw std::runtime_error("sink"); }};
    a.write("a");
    b.write("b");
    c.write("c");
    d.write("d");
    std::error_code ignored;
    c.flush(ignored);
  }
  EXPECT_EQ(good.all, "a");
  EXPECT_EQ(bad.calls.size(), 1u);
  EXPECT_EQ(worse.calls.size(), 1u) << "not tried again after an error";
  EXPECT_EQ(pool.stats().idle, 4u);
}

TEST(PooledWriter, can_be_emptied_by_somebody_else) {
  buffer_pool pool;
  record r;
  pooled_writer out{pool, sink_of(r), 16};
  out.write("0123456789");
  const std::byte* const start = out.pending().data();
  out.write("abcdef");
  EXPECT_EQ(out.pending().data(), start) << "the first ten may be on their way";
  out.consume(10);
  EXPECT_EQ(text_of(out.pending()), "abcdef");
  EXPECT_EQ(out.available(), 10u);
  out.consume(0);
  out.write("ghi");
  EXPECT_EQ(text_of(out.pending()), "abcdefghi");
  out.consume(100);
  EXPECT_TRUE(out.pending().empty());
  EXPECT_EQ(pool.stats().idle, 1u);
  out.write("j");
  EXPECT_EQ(text_of(out.pending()), "j");
  EXPECT_TRUE(r.calls.empty());
}

TEST(PooledWriter, discard_forgets_what_is_pending_and_the_error) {
  buffer_pool pool;
  record r{.fails_on = 0};
  pooled_writer out{pool, sink_of(r)};
  out.write("lost");
  EXPECT_THROW(out.flush(), std::system_error);
  out.discard();
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_FALSE(out.error());
  out.write("kept");
  out.flush();
  EXPECT_EQ(r.all, "kept");
}

TEST(PooledWriter, moves_with_what_is_pending_and_with_its_error) {
  buffer_pool pool;
  record r{.fails_on = 0};
  record other;
  {
    std::optional<writer> first(std::in_place, pool, sink_of(r));
    first->write("abc");
    EXPECT_THROW(first->flush(), std::system_error);
    writer second{std::move(*first)};
    EXPECT_TRUE(first->pending().empty());
    first.reset();
    EXPECT_EQ(r.calls.size(), 1u);
    EXPECT_THROW(second.write("d"), std::system_error);
    second.clear_error();
    second.write("d");
    std::vector<writer> writers;
    writers.push_back(std::move(second));
    writers.emplace_back(pool, sink_of(other));
  }
  EXPECT_EQ(r.calls.back(), "abcd");
  EXPECT_EQ(r.all, "abcd");
}

TEST(PooledWriter, a_size_of_zero_is_an_error_that_names_the_pool) {
  buffer_pool pool{{.min_bytes = 1, .max_bytes = 4096, .name = "lines"}};
  record r;
  try {
    const writer out{pool, sink_of(r), 0};
    FAIL() << "no exception";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(
        e.what(),
        "ebb::pooled_writer: size is 0; valid are 1 and more, \"lines\" keeps buffers of up to 4096");
  }
}

TEST(PooledWriter, without_memory_for_a_buffer_nothing_was_written_and_large_writes_still_work) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers stop the program";
  buffer_pool pool;
  record r;
  pooled_writer out{pool, sink_of(r), PTRDIFF_MAX};
  EXPECT_THROW(out.write("a"), std::bad_alloc);
  EXPECT_FALSE(out.error());
  EXPECT_EQ(out.buffered(), 0u);
  EXPECT_THROW(out.write("a"), std::bad_alloc);
}

TEST(PooledWriter, writers_share_a_pool_of_two_tiers_unless_they_are_given_one) {
  buffer_pool& shared = ebb::writer_buffers();
  EXPECT_EQ(&ebb::writer_buffers(), &shared);
  EXPECT_EQ(shared.tier_count(), 2u);
  EXPECT_EQ(shared.tier_bytes(0), 2048u);
  EXPECT_EQ(shared.tier_bytes(1), 4096u);
  record r;
  pooled_writer small{sink_of(r), 2048};
  pooled_writer large{sink_of(r)};
  small.write("s");
  large.write("l");
  EXPECT_EQ(shared.tier_stats(0).in_use(), 1u);
  EXPECT_EQ(shared.tier_stats(1).in_use(), 1u);
}

TEST(PooledWriter, threads_share_the_pool) {
  ebb::test::run_together(4, [](int thread) {
    ebb::test::dice dice{thread};
    for (int i = 0; i < 2000 / ebb::test::slowdown; ++i) {
      record r{.most = 500};
      pooled_writer out{sink_of(r), i % 2 == 0 ? 2048u : 4096u};
      const std::string piece = text(dice.roll(3000), static_cast<std::size_t>(thread));
      for (int k = 0; k < 3; ++k) out.write(piece);
      out.flush();
      ASSERT_EQ(r.all, piece + piece + piece);
    }
  });
}

}  // namespace
