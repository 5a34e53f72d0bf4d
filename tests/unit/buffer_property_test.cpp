// Random sequences of everything a buffer can do, against a std::string that does the same.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/threads.hpp>

namespace {

using ebb::pooled_buffer;
using ebb::test::all_of;
using options = ebb::buffer_pool_options;

struct pool_kind {
  const char* name;
  options o;
};

struct BufferProperty : testing::TestWithParam<pool_kind> {
  static constexpr std::size_t buffers = 6;

  ebb::buffer_pool pool{GetParam().o};
  std::vector<pooled_buffer> real = std::vector<pooled_buffer>(buffers);
  std::vector<std::string> model = std::vector<std::string>(buffers);
  ebb::test::dice d{static_cast<int>(GetParam().o.min_bytes + GetParam().o.alignment)};
  std::uint64_t adopted = 0;
  bool zeroes = GetParam().o.on_get == ebb::scrub::zero;

  std::size_t some_size() {
    const auto max = static_cast<std::uint32_t>(GetParam().o.max_bytes);
    return d.roll(4) == 0 ? d.roll(2 * max + 3) : d.roll(max / 8 + 3);
  }
  std::string some_text() {
    std::string s(d.roll(5) == 0 ? some_size() : d.roll(20), '\0');
    for (char& c : s) c = static_cast<char>(d.roll(256));
    return s;
  }

  // What was added without being said what: zero or anything, and then something that is known.
  void settle(pooled_buffer& b, std::string& m, std::size_t from) {
    if (zeroes) {
      ASSERT_EQ(ebb::test::zeros({b.data() + from, b.size() - from}), b.size() - from);
      m.resize(b.size(), '\0');
    } else {
      m.resize(b.size());
      for (std::size_t i = from; i < m.size(); ++i) m[i] = static_cast<char>(d.roll(256));
      for (std::size_t i = from; i < m.size(); ++i) b[i] = static_cast<std::byte>(m[i]);
    }
  }

  // Nobody reads what lies behind the end, so whoever has the buffer may write all of its capacity.
  void scribble(pooled_buffer& b) {
    for (std::size_t i = b.size(); i < b.capacity(); ++i)
      b.data()[i] = static_cast<std::byte>(0x80 | i % 128);
  }

  void step(std::size_t i) {
    pooled_buffer& b = real[i];
    std::string& m = model[i];
    const std::size_t other = d.roll(buffers);
    switch (d.roll(17)) {
      case 0:
      case 1: {
        const std::size_t n = some_size();
        b = pool.get(n);
        m.clear();
        ASSERT_EQ(b.size(), n);
        ASSERT_NO_FATAL_FAILURE(settle(b, m, 0));
        break;
      }
      case 2:
      case 3: {
        const std::string s = some_text();
        b.append(s);
        m.append(s);
        break;
      }
      case 4: {
        const char c = static_cast<char>(d.roll(256));
        for (std::uint32_t n = d.roll(40); n > 0; --n) {
          b.push_back(c);
          m.push_back(c);
        }
        break;
      }
      case 5: {  // of itself, also while it grows
        const std::size_t from = m.empty() ? 0 : d.roll(static_cast<std::uint32_t>(m.size()));
        const std::size_t n = m.empty() ? 0 : 1 + d.roll(static_cast<std::uint32_t>(m.size() - from));
        b.append(b.data() + from, n);
        m.append(m.substr(from, n));
        break;
      }
      case 6: {
        const std::size_t before = b.size();
        b.resize(some_size());
        if (b.size() > before) {
          ASSERT_NO_FATAL_FAILURE(settle(b, m, before));
        } else {
          m.resize(b.size());
        }
        break;
      }
      case 7: {
        const std::size_t n = some_size();
        b.reserve(n);
        ASSERT_GE(b.capacity(), n);
        break;
      }
      case 8:
        b.clear();
        m.clear();
        break;
      case 9: {
        const std::string s = some_text();
        const std::span<std::byte> room = b.prepare(s.size() + d.roll(30));
        std::copy_n(reinterpret_cast<const std::byte*>(s.data()), s.size(), room.data());
        const std::size_t used = d.roll(static_cast<std::uint32_t>(s.size()) + 1);
        b.commit(used);
        m.append(s, 0, used);
        break;
      }
      case 10: {
        const std::size_t n = d.roll(static_cast<std::uint32_t>(m.size()) + 10);
        b.consume(n);
        m.erase(0, n);
        break;
      }
      case 11:
        if (other == i) break;
        b = std::move(real[other]);
        m = std::exchange(model[other], {});
        break;
      case 12: {
        pooled_buffer fresh(std::move(b));
        ASSERT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move): what this is about
        b = std::move(fresh);
        break;
      }
      case 13:
        swap(b, real[other]);
        std::swap(m, model[other]);
        break;
      case 14:
        b.reset();
        m.clear();
        break;
      case 15: {
        ebb::detached_buffer own = std::move(b).detach();
        ASSERT_EQ(std::string(reinterpret_cast<const char*>(own.data.get()), own.size), m);
        m.clear();
        if (own.data == nullptr || d.roll(2) == 0) break;
        adopted += own.capacity <= GetParam().o.max_bytes ? 1 : 0;
        pool.put(std::move(own));
        break;
      }
      default: ebb::collect();
    }
    ASSERT_NO_FATAL_FAILURE(check(i));
  }

  void check(std::size_t i) {
    pooled_buffer& b = real[i];
    ASSERT_EQ(b.view(), model[i]);
    ASSERT_GE(b.capacity(), b.size());
    const auto address = reinterpret_cast<std::uintptr_t>(b.data());
    ASSERT_EQ(address % GetParam().o.alignment, 0u);
    scribble(b);
    std::map<std::uintptr_t, std::size_t> ends;
    for (const pooled_buffer& each : real) {
      if (each.data() == nullptr) continue;
      const bool is_new =
          ends.emplace(reinterpret_cast<std::uintptr_t>(each.data()), each.capacity()).second;
      ASSERT_TRUE(is_new) << "two buffers with one block";
    }
    std::uintptr_t end = 0;
    for (const auto& [begin, capacity] : ends) {
      ASSERT_GE(begin, end) << "two buffers overlap";
      end = begin + capacity;
    }
  }
};

TEST_P(BufferProperty, a_buffer_does_what_a_string_does) {
  for (auto& b : real) b = pool.get(0);
  for (int i = 0; i < 40'000 / ebb::test::slowdown; ++i) {
    ASSERT_NO_FATAL_FAILURE(step(d.roll(buffers))) << "at step " << i;
  }
  real.clear();
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made + adopted, s.idle + s.destroyed() + s.detached);
}

constexpr ebb::scrub zero = ebb::scrub::zero;
INSTANTIATE_TEST_SUITE_P(
    , BufferProperty,
    testing::Values(
        pool_kind{"tiny", {.min_bytes = 1, .max_bytes = 64}},
        pool_kind{"odd", {.min_bytes = 3, .max_bytes = 1000}},
        pool_kind{"one_size", {.min_bytes = 600, .max_bytes = 600}},
        pool_kind{"large", {.min_bytes = 1025, .max_bytes = 15000}},
        pool_kind{"aligned", {.min_bytes = 100, .max_bytes = 900, .alignment = 4096}},
        pool_kind{"bounded", {.min_bytes = 32, .max_bytes = 512, .max_idle_bytes = 1500}},
        pool_kind{"scrubbed", {.min_bytes = 10, .max_bytes = 2000, .on_get = zero, .on_put = zero}},
        pool_kind{"zeroed", {.min_bytes = 64, .max_bytes = 2048, .alignment = 64, .on_get = zero}},
        pool_kind{"wiped", {.min_bytes = 7, .max_bytes = 777, .on_put = zero}}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
