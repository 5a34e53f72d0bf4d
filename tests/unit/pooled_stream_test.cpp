#include <ebb/pooled_stream.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iomanip>
#include <iterator>
#include <limits>
#include <memory_resource>
#include <sstream>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

// What the malloc() at the end of this file does for the thread.
thread_local std::int64_t allocations = 0;
thread_local std::size_t refuse_from_bytes = SIZE_MAX;

constexpr bool malloc_is_ours = !ebb::detail::asan_build && EBB_TSAN == 0;

using ebb::buffer_pool;
using ebb::calibrated_buffer_pool;
using ebb::pooled_buffer;
using ebb::pooled_ostream;

static_assert(std::is_base_of_v<std::ostream, pooled_ostream>);
static_assert(!std::is_copy_constructible_v<pooled_ostream> && !std::is_copy_assignable_v<pooled_ostream>);
static_assert(std::is_move_constructible_v<pooled_ostream> && std::is_move_assignable_v<pooled_ostream>);
static_assert(
    std::is_same_v<decltype(std::declval<pooled_ostream&>() << "x" << 1 << 'c'), pooled_ostream&>);
static_assert(
    std::is_same_v<decltype(std::declval<const pooled_ostream&>().rdbuf()), ebb::pooled_streambuf*>);

struct point {
  int x = 3;
  int y = -4;
  friend std::ostream& operator<<(std::ostream& out, const point& p) {
    return out << '(' << p.x << ',' << std::setw(4) << p.y << ')';
  }
};
enum colour { red = 7 };

struct grouped : std::numpunct<char> {
  char do_thousands_sep() const override { return '\''; }
  char do_decimal_point() const override { return ','; }
  std::string do_grouping() const override { return "\3"; }
  std::string do_truename() const override { return "ja"; }
};
std::locale swiss() { return std::locale(std::locale::classic(), new grouped); }

// Calls use(name, write) for each thing one can do with an output stream.
template <class Use>
void for_each_output(Use use) {
  use("nothing", [](auto&) {});
  use("integers", [](auto& out) {
    out << 0 << ' ' << -1 << ' ' << std::numeric_limits<std::int64_t>::min() << ' ' << UINT64_MAX << ' '
        << short{-7} << ' ' << std::uint16_t{65535} << std::hex << std::showbase << 255 << std::oct << 8u
        << std::uppercase << std::hex << 0xabcL << std::showpos << std::dec << 5;
  });
  use("bool and enum", [](auto& out) { out << true << std::boolalpha << false << red; });
  use("floating point", [](auto& out) {
    for (const double d : {0.0, -0.0, 1.5, 1e300, 1.0 / 3, HUGE_VAL}) {
      out << d << ' ' << std::fixed << std::setprecision(3) << d << ' ' << std::scientific << d << ' '
          << std::hexfloat << d << std::defaultfloat << std::setprecision(17) << static_cast<float>(d)
          << static_cast<long double>(d) << '\n';
    }
  });
  use("characters", [](auto& out) {
    out << 'a' << static_cast<signed char>('b') << static_cast<unsigned char>('c') << '\0' << 'd';
    out.put('e').put('\0');
  });
  use("strings", [](auto& out) {
    const char array[] = "array\0not seen";
    char writable[8] = "mutable";
    char* const pointer = writable;
    out << "literal" << array << writable << pointer << static_cast<const char*>(pointer)
        << std::string("string\0with zero", 16) << std::string_view("view") << std::pmr::string("pmr")
        << "";
    out.write("raw\0bytes", 9).write("", 0);
  });
  use("width and fill", [](auto& out) {
    out << std::setw(8) << "right" << std::setw(8) << std::left << "left"
        << "none" << std::setfill('*') << std::setw(6) << 42 << std::internal << std::setw(6) << -42
        << std::setw(3) << 'c' << std::setw(2) << "too long" << std::setw(5) << std::string("str")
        << std::setw(5) << std::string_view("sv");
    out.width(4);
    out << "w";
    out << "v";
    out.width(3);
    out.write("ab", 2);  // not formatted
    out << "c";
  });
  use("manipulators", [](auto& out) {
    out << std::unitbuf << "a" << std::flush << std::endl << std::ends << std::nounitbuf << "b";
  });
  use("a locale", [](auto& out) {
    out.imbue(swiss());
    out << 1234567 << ' ' << std::fixed << 9876543.25 << ' ' << std::boolalpha << true;
  });
  use("types with an operator of their own", [](auto& out) {
    out << point{} << std::complex<double>(1, 2) << std::bitset<5>(9) << std::quoted("a \"b\"")
        << std::filesystem::path("/tmp/x") << std::error_code(2, std::generic_category());
    std::tm day{};
    day.tm_year = 124;
    day.tm_mday = 3;
    out << std::put_time(&day, "%Y-%m-%d");
  });
  use("an iterator", [](auto& out) {
    const std::string text = "through the iterator";
    std::copy(text.begin(), text.end(), std::ostreambuf_iterator<char>(out));
    std::ostream_iterator<int>(out, ";") = 12;
  });
  use("another stream's buffer", [](auto& out) {
    std::stringbuf from("all of this");
    out << &from;
  });
  use("a null string, and what comes after it", [](auto& out) {
    out << "before" << static_cast<const char*>(nullptr) << "after" << 1;
    out.write("x", 1);
    out.put('y');
  });
  use("an empty buffer", [](auto& out) {
    std::stringbuf nothing;
    out << "before" << &nothing << "after";
  });
  use("a negative count", [](auto& out) {
    out.write("abc", -1);
    out << "after";
  });
  use("much", [](auto& out) {
    for (int i = 0; i < 20'000; ++i) out << "line " << i << '\n';
    out << std::string(100'000, 'x') << std::setw(1000) << 1;
  });
  use("overwriting", [](auto& out) {
    out << "0123456789";
    out.seekp(3) << "abc";
    out.seekp(-1, std::ios::end) << "Z"
                                 << "beyond";
    out.seekp(-2, std::ios::cur);
  });
  use("overwriting more than there is", [](auto& out) {
    out << "0123456789";
    out.seekp(3) << std::string(10'000, 'x');
    out.seekp(20'000, std::ios::beg);
  });
  use("seeking beyond the end", [](auto& out) {
    out << "0123";
    out.seekp(5);
    out << "lost";
    out.clear();
    out << "4";
  });
  use("seeking before the start", [](auto& out) { (out << "0123").seekp(-5, std::ios::cur); });
}

template <class Write>
void expect_same(const char* name, Write write, pooled_ostream& text) {
  std::ostringstream expected;
  write(expected);
  write(text);
  EXPECT_EQ(text.view(), expected.view()) << name;
  EXPECT_EQ(text.str(), expected.str()) << name;
  EXPECT_EQ(text.rdstate(), expected.rdstate()) << name;
  EXPECT_EQ(text.flags(), expected.flags()) << name;
  EXPECT_EQ(text.width(), expected.width()) << name;
  EXPECT_EQ(text.tellp(), expected.tellp()) << name;
}

TEST(PooledOstream, writes_what_an_ostringstream_writes) {
  calibrated_buffer_pool calibrated;
  buffer_pool tiers{{.min_bytes = 1, .max_bytes = 256}};
  for (int round = 0; round < 2; ++round) {  // with no buffers, and with used ones
    for_each_output([&](const char* name, auto write) {
      pooled_ostream text{calibrated};
      expect_same(name, write, text);
    });
    for_each_output([&](const char* name, auto write) {
      pooled_ostream text{tiers, 1};
      expect_same(name, write, text);
    });
    for_each_output([&](const char* name, auto write) {
      pooled_ostream text{tiers.get(0)};
      expect_same(name, write, text);
    });
  }
}

TEST(PooledOstream, writes_the_same_for_those_who_only_know_a_std_ostream) {
  calibrated_buffer_pool pool;
  for_each_output([&](const char* name, auto write) {
    pooled_ostream text{pool};
    expect_same(
        name, [&](std::ostream& out) { write(out); }, text);
  });
}

TEST(PooledOstream, writes_the_same_from_the_start_again_after_clear_text) {
  buffer_pool tiers{{.min_bytes = 16}};
  pooled_ostream text{tiers, 16};
  for_each_output([&](const char* name, auto write) {
    text << "something else, and longer than some";
    text.clear_text();
    text.clear();
    text.copyfmt(std::ostringstream{});
    (void)text.imbue(std::locale::classic());
    expect_same(name, write, text);
  });
}

TEST(PooledOstream, appends_to_what_a_buffer_holds) {
  buffer_pool tiers;
  pooled_buffer page = tiers.get(0);
  page.append("so far, ");
  pooled_ostream text{std::move(page)};
  EXPECT_EQ(text.tellp(), 8);
  text << 1 << " more";
  EXPECT_EQ(text.view(), "so far, 1 more");
  text.seekp(0) << "S";
  EXPECT_EQ(text.view(), "So far, 1 more");
}

TEST(PooledOstream, its_memory_comes_from_the_pool_and_goes_back_to_it) {
  const ebb::test::on_one_cpu here;
  buffer_pool tiers;
  const std::byte* const idle = tiers.get(1000).data();
  EXPECT_EQ(tiers.stats().idle, 1u);
  {
    pooled_ostream text{tiers, 1000};
    text << "x";
    EXPECT_EQ(static_cast<const void*>(text.view().data()), idle);
    EXPECT_EQ(tiers.stats().idle, 0u);
  }
  EXPECT_EQ(tiers.stats().idle, 1u);
  EXPECT_EQ(tiers.stats().made, 1u);
}

TEST(PooledOstream, clear_text_keeps_the_memory_and_the_format) {
  buffer_pool tiers;
  pooled_ostream text{tiers, 100};
  text << std::hex << 255;
  const char* const memory = text.view().data();
  text.clear_text();
  EXPECT_EQ(text.view(), "");
  EXPECT_EQ(text.tellp(), 0);
  text << 254;
  EXPECT_EQ(text.view(), "fe");
  EXPECT_EQ(text.view().data(), memory);
}

TEST(PooledOstream, take_moves_the_text_out_without_a_copy) {
  buffer_pool tiers{{.min_bytes = 64}};
  pooled_ostream text{tiers, 64};
  text << "0123456789";
  text.seekp(4);  // what lies behind belongs to the text
  const char* const memory = text.view().data();
  const pooled_buffer taken = text.take();
  EXPECT_EQ(taken.view(), "0123456789");
  EXPECT_EQ(taken.view().data(), memory);
  EXPECT_EQ(text.view(), "");
  EXPECT_EQ(text.tellp(), 0);
  EXPECT_TRUE(text.take().empty());
}

TEST(PooledOstream, after_take_it_writes_into_another_buffer_of_the_same_pool) {
  const ebb::test::on_one_cpu here;
  buffer_pool tiers{{.min_bytes = 64}};
  calibrated_buffer_pool calibrated;
  pooled_ostream a{tiers, 500};
  pooled_ostream b{calibrated};
  b << "makes a buffer";
  for (int i = 0; i < 100; ++i) {
    const pooled_buffer from_tiers = (a << "text " << i).take();
    const pooled_buffer from_calibrated = (b << "text " << i).take();
    EXPECT_EQ(from_tiers.view(), "text " + std::to_string(i));
    EXPECT_EQ(from_tiers.capacity(), 512u) << "the first size holds for all";
    EXPECT_EQ(from_calibrated.view(), (i == 0 ? "makes a buffertext " : "text ") + std::to_string(i));
  }
  // More than one: the thread may still come to another shard.
  EXPECT_LT(tiers.stats().made, 10u);
  EXPECT_LT(calibrated.stats().made, 10u);
}

TEST(PooledOstream, str_replaces_the_text_and_writes_over_it_as_an_ostringstream_does) {
  buffer_pool tiers{{.min_bytes = 16}};
  pooled_ostream text{tiers, 16};
  std::ostringstream expected;
  text << "longer than what follows";
  for (const std::string& replacement : {std::string("replaced"), std::string(), std::string(100, 'r')}) {
    text.str(replacement);
    expected.str(replacement);
    EXPECT_EQ(text.view(), replacement);
    EXPECT_EQ(text.tellp(), 0);
    text << "RE";
    expected << "RE";
    EXPECT_EQ(text.view(), expected.view());
  }
}

TEST(PooledOstream, seeks_only_the_put_position_and_only_within_the_text) {
  calibrated_buffer_pool pool;
  pooled_ostream text{pool};
  text << "0123456789";
  std::streambuf& buffer = *text.rdbuf();
  EXPECT_EQ(buffer.pubseekpos(10), 10);
  EXPECT_EQ(buffer.pubseekpos(11), -1);
  EXPECT_EQ(buffer.pubseekpos(4, std::ios::in), -1);
  EXPECT_EQ(buffer.pubseekoff(-10, std::ios::end), 0);
  EXPECT_EQ(buffer.pubseekoff(-1, std::ios::beg), -1);
  constexpr auto far = std::numeric_limits<std::streamoff>::max();
  EXPECT_EQ(buffer.pubseekoff(far, std::ios::end), -1);
  EXPECT_EQ(buffer.pubseekoff(-far - 1, std::ios::cur), -1);
  EXPECT_EQ(text.tellp(), 0) << "what fails moves nothing";
  EXPECT_EQ(text.view(), "0123456789");
  EXPECT_EQ(buffer.sgetc(), std::char_traits<char>::eof());
}

TEST(PooledOstream, can_be_given_a_part_of_its_own_text) {
  buffer_pool tiers{{.min_bytes = 16, .on_put = ebb::scrub::zero}};  // what it leaves is gone
  pooled_ostream text{tiers, 16};
  text << "0123456789abcdef";
  std::string expected(text.view());
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ((text << text.view().substr(1)).view(), expected += expected.substr(1));
  }
  text.str(text.view().substr(3));
  EXPECT_EQ(text.view(), expected.substr(3));
}

TEST(PooledOstream, keeps_its_text_in_a_pool_that_zeroes_what_is_added) {
  buffer_pool tiers{{.min_bytes = 16, .on_get = ebb::scrub::zero}};
  pooled_ostream text{tiers, 16};
  for (int i = 0; i < 100; ++i) text << "text";
  const pooled_buffer taken = text.take();
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "text";
  EXPECT_EQ(taken.view(), expected);
}

TEST(PooledOstream, tells_a_calibrated_pool_how_long_texts_are) {
  calibrated_buffer_pool pool;
  for (int i = 0; i < 42'001; ++i) {
    pooled_ostream text{pool};
    text << std::setw(100) << "of the length";
  }
  EXPECT_EQ(pool.default_bytes(), 128u);
}

TEST(PooledOstream, moves_with_its_text_its_position_and_its_format) {
  calibrated_buffer_pool pool;
  pooled_ostream first{pool};
  first << std::hex << "0123";
  first.seekp(2);
  pooled_ostream second{std::move(first)};
  second << 255;
  EXPECT_EQ(second.view(), "01ff");
  first << "again";
  EXPECT_EQ(first.view(), "again");

  first = std::move(second);
  first << 254;
  EXPECT_EQ(first.view(), "01fffe");
  second << "empty, so far";
  first.seekp(4);
  swap(first, second);
  EXPECT_EQ(second.view(), "01fffe");
  EXPECT_EQ(first.view(), "empty, so far");
  second << 253;
  EXPECT_EQ(second.view(), "01fffd");
}

TEST(PooledOstream, writes_elsewhere_when_std_ios_rdbuf_says_so) {
  calibrated_buffer_pool pool;
  pooled_ostream text{pool};
  std::stringbuf other;
  text << "here";
  std::ios& base = text;
  base.rdbuf(&other);
  text << "there" << 'c';
  text.write("w", 1).put('p');
  base.rdbuf(text.rdbuf());
  text << " again";
  EXPECT_EQ(text.view(), "here again");
  EXPECT_EQ(other.view(), "therecwp");
}

TEST(PooledOstream, flushes_the_stream_it_is_tied_to) {
  struct counting_buffer : std::stringbuf {
    int flushes = 0;
    int sync() override { return ++flushes, 0; }
  } counting;
  std::ostream prompt(&counting);
  calibrated_buffer_pool pool;
  pooled_ostream text{pool};
  text << "warm";
  text.tie(&prompt);
  text << "1" << '2' << std::string("3");
  text.write("4", 1).put('5');
  EXPECT_EQ(counting.flushes, 5);
}

TEST(PooledOstream, what_cannot_grow_sets_badbit_and_keeps_the_text) {
  for (const bool as_base : {false, true}) {
    pooled_ostream text{pooled_buffer{}};  // of no pool
    as_base ? static_cast<std::ostream&>(text) << "x" : text << "x";
    EXPECT_TRUE(text.bad());
    EXPECT_EQ(text.view(), "");
    text.clear();
    text.put('x');
    EXPECT_TRUE(text.bad());
    text.clear();
    EXPECT_EQ(text.tellp(), 0);
    text.exceptions(std::ios::badbit);
    EXPECT_THROW(text << 42, std::logic_error);
  }
}

TEST(PooledOstream, out_of_memory_sets_badbit_and_keeps_the_text) {
  if (!malloc_is_ours) GTEST_SKIP() << "the sanitizer has its own malloc()";
  buffer_pool tiers{{.min_bytes = 16}};
  pooled_ostream text{tiers, 16};
  text << "0123456789";
  text.seekp(9);
  refuse_from_bytes = 0;
  text << "abcdefghi";
  refuse_from_bytes = SIZE_MAX;
  EXPECT_TRUE(text.bad());
  EXPECT_EQ(text.view(), "0123456789");
  text << "ignored";
  text.clear();
  text << "abcdefghi";
  EXPECT_TRUE(text.good());
  EXPECT_EQ(text.view(), "012345678abcdefghi");
}

TEST(PooledOstream, allocates_nothing_once_the_pool_has_a_buffer_of_the_right_size) {
  calibrated_buffer_pool calibrated;
  buffer_pool tiers;
  const ebb::test::on_one_cpu here;
  const std::string piece(64, 'p');
  const auto use = [&](pooled_ostream text) {
    for (int i = 0; i < 16; ++i) text << piece;
    EXPECT_EQ(text.view().size(), 1024u);
    text.clear_text();
    text << std::setw(10) << 42 << ' ' << 1.5 << std::hex << 255;
    (void)text.take();
    text << "once more";
  };
  // The best of ten: whenever the kernel changes the thread's concurrency id the pool may allocate once.
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int part = 0; part < 10; ++part) {
    allocations = 0;
    for (int i = 0; i < 100; ++i) {
      use(pooled_ostream{calibrated});
      use(pooled_ostream{tiers, 1024});
    }
    least = std::min(least, allocations);
  }
  EXPECT_EQ(least, 0);
  EXPECT_LT(calibrated.stats().made, 10u);
  EXPECT_LT(tiers.stats().made, 10u);
}

TEST(PooledOstream, threads_share_a_pool) {
  calibrated_buffer_pool pool;
  ebb::test::run_together(4, [&](int thread) {
    for (int i = 0; i < 20'000 / ebb::test::slowdown; ++i) {
      pooled_ostream text{pool};
      for (int k = 0; k <= i % 16; ++k) text << "thread " << thread << ' ';
      const std::string one = "thread " + std::to_string(thread) + ' ';
      std::string expected;
      for (int k = 0; k <= i % 16; ++k) expected += one;
      ASSERT_EQ(text.view(), expected);
    }
  });
}

}  // namespace

#if !EBB_ASAN && !EBB_TSAN
extern "C" void* __libc_malloc(std::size_t bytes);
extern "C" void* malloc(std::size_t bytes) noexcept {
  ++allocations;
  return bytes >= refuse_from_bytes ? nullptr : __libc_malloc(bytes);
}
#endif
