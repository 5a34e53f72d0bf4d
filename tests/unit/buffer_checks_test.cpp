// Checked builds: every misuse of buffers stops the program with a message that says what, where and how to
// fix it. Compiled with EBB_CHECKED=1 in every build.
#include <ebb/detail/checks.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/threads.hpp>

static_assert(ebb::detail::checked_build);

namespace {

using ebb::buffer_pool;
using ebb::pooled_buffer;
using ebb::test::all_of;
using ebb::test::fill;
using options = buffer_pool::options;

// What somebody does who kept a pointer.
ebb::detached_buffer copy_of(std::byte* data, std::size_t capacity) {
  ebb::detached_buffer copy;
  copy.data.reset(data);
  copy.capacity = capacity;
  return copy;
}

TEST(BufferChecks, correct_use_passes_and_all_of_the_capacity_may_be_written) {
  for (const ebb::scrub s : {ebb::scrub::nothing, ebb::scrub::zero}) {
    buffer_pool pool{{.min_bytes = 100, .max_bytes = 1000, .on_get = s, .on_put = s, .name = "good"}};
    for (int round = 0; round < 3; ++round) {
      std::vector<pooled_buffer> some;
      for (std::size_t n = 0; n < 1200; n += 7) some.push_back(pool.get(n));
      for (pooled_buffer& b : some) fill(all_of(b), 1);
      for (pooled_buffer& b : some) b.push_back('x');
      for (pooled_buffer& b : some) b.resize(b.capacity() + 1);
      for (pooled_buffer& b : some) fill(all_of(b), 2);
      for (std::size_t i = 0; i < 20; ++i) pool.put(std::move(some[i]).detach());
      for (std::size_t i = 20; i < 40; ++i) (void)std::move(some[i]).detach();
      for (const std::size_t capacity : {50u, 150u, 1000u, 5000u})
        pool.put(ebb::test::own_memory(capacity));
      some.clear();
      ebb::collect();
    }
    pooled_buffer unpooled = pool.get(5000);
    unpooled.resize(9000);
    unpooled = pool.get(4000);
    ebb::collect();
    ebb::collect();
    EXPECT_EQ(pool.stats().idle, 0u);
  }
}

TEST(BufferChecksDeathTest, pool_destroyed_while_buffers_are_out) {
  const auto misuse = [] {
    std::optional<buffer_pool> pool;
    pool.emplace(options{.name = "short"});
    const pooled_buffer a = pool->get(5);
    const pooled_buffer b = pool->get(10);
    pool.reset();
  };
  EXPECT_DEATH(misuse(),
               "destroyed while 2 of its handles are out\n.*handle outlives its pool: object 0x[0-9a-f]+, "
               "pool \"short\" \\(ebb::.*buffer_pool\\)\n  fix: ");
}

TEST(BufferChecksDeathTest, pool_destroyed_while_a_grown_buffer_is_out) {
  const auto misuse = [] {
    std::optional<buffer_pool> pool;
    pool.emplace(options{.min_bytes = 16, .max_bytes = 4096, .name = "short"});
    pooled_buffer a = pool->get(5);
    a.resize(3000);
    pool.reset();
  };
  EXPECT_DEATH(misuse(), "destroyed while 1 of its handles is out\n.*\"short\"");
}

TEST(BufferChecksDeathTest, pool_destroyed_while_a_buffer_that_is_too_large_for_it_is_out) {
  const auto misuse = [] {
    std::optional<buffer_pool> pool;
    pool.emplace(options{.min_bytes = 16, .max_bytes = 64, .name = "short"});
    const pooled_buffer a = pool->get(5000);
    pool.reset();
  };
  EXPECT_DEATH(misuse(), "destroyed while 1 of its handles is out\n.*\"short\"");
}

TEST(BufferChecksDeathTest, put_through_a_pointer_that_was_kept) {
  for (const ebb::scrub s : {ebb::scrub::nothing, ebb::scrub::zero}) {
    const auto misuse = [s] {
      buffer_pool pool{{.min_bytes = 1024, .max_bytes = 4096, .on_put = s, .name = "twice"}};
      pooled_buffer b = pool.get(2000);
      std::byte* const raw = b.data();
      b.reset();
      pool.put(copy_of(raw, 2048));
    };
    EXPECT_DEATH(misuse(), "double put: object 0x[0-9a-f]+, pool \"twice\" .*buffer_pool.*\n  fix: ");
  }
}

TEST(BufferChecksDeathTest, put_of_the_same_memory_twice_also_into_another_tier_or_pool) {
  const auto misuse = [](std::size_t second_capacity) {
    buffer_pool pool{{.min_bytes = 1024, .max_bytes = 4096, .name = "first"}};
    buffer_pool other{{.min_bytes = 1024, .max_bytes = 1024, .name = "second"}};
    ebb::detached_buffer own = ebb::test::own_memory(2048);
    std::byte* const raw = own.data.get();
    pool.put(std::move(own));
    (second_capacity == 0 ? other : pool).put(copy_of(raw, second_capacity == 0 ? 1024 : second_capacity));
  };
  EXPECT_DEATH(misuse(2048), "double put: .*\"first\"");
  EXPECT_DEATH(misuse(1024), "double put: .*\"first\"");
  EXPECT_DEATH(misuse(10), "double put: .*\"first\"") << "nor is it freed because it seems too small";
  EXPECT_DEATH(misuse(0), "double put: .*\"first\"");
}

TEST(BufferChecksDeathTest, put_of_what_a_buffer_still_owns) {
  const auto misuse = [] {
    buffer_pool pool{{.name = "owned"}};
    pooled_buffer b = pool.get(1024);
    pool.put(copy_of(b.data(), b.capacity()));
  };
  EXPECT_DEATH(misuse(), "put of an object that a handle still owns: .*\"owned\".*\n.*detach");
}

#if EBB_ASAN
TEST(BufferChecksDeathTest, use_of_any_byte_after_put_is_reported_by_asan) {
  for (const std::size_t n : {std::size_t{100}, std::size_t{1000}}) {
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      const auto misuse = [n, at] {
        buffer_pool pool{{.min_bytes = 100, .max_bytes = 1000}};
        pooled_buffer b = pool.get(n);
        std::byte* const raw = b.data();
        b.reset();
        raw[at] = std::byte{1};
      };
      EXPECT_DEATH(misuse(), "use-after-poison") << n << " " << at;
    }
  }
}

TEST(BufferChecksDeathTest, use_of_the_old_block_after_growing_is_reported_by_asan) {
  const auto misuse = [] {
    buffer_pool pool{{.min_bytes = 100, .max_bytes = 1000}};
    pooled_buffer b = pool.get(100);
    std::byte* const raw = b.data();
    b.push_back('x');
    raw[99] = std::byte{1};
  };
  EXPECT_DEATH(misuse(), "use-after-poison");
}

TEST(BufferChecksDeathTest, writing_behind_the_capacity_is_reported_by_asan) {
  const auto misuse = [] {
    buffer_pool pool{{.min_bytes = 100, .max_bytes = 1000}};
    pooled_buffer b = pool.get(50);
    b.data()[100] = std::byte{1};
  };
  EXPECT_DEATH(misuse(), "heap-buffer-overflow");
}

TEST(BufferChecks, idle_buffers_of_an_immortal_pool_are_no_leak) {
  static auto* const immortal = new buffer_pool;
  std::vector<pooled_buffer> some;
  for (std::size_t n = 0; n < 100'000; n += 999) some.push_back(immortal->get(n));
}
#endif

// EBB_RANDOM is read once per process, so this runs in a child that sets it.
[[noreturn]] void use_at_random() {
  (void)::setenv("EBB_RANDOM", "4", 1);
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 1000}};
  ebb::test::dice d(1);
  std::vector<pooled_buffer> held;
  for (int i = 0; i < 20'000; ++i) {
    if (d.roll(2) == 0 && held.size() < 20) held.push_back(pool.get(d.roll(1100)));
    if (!held.empty() && d.roll(4) == 0) held.back().resize(d.roll(1100));
    if (!held.empty() && d.roll(2) == 0) held.pop_back();
    if (!held.empty() && d.roll(50) == 0) (void)std::move(held.back()).detach();
    if (d.roll(1000) == 0) ebb::collect();
  }
  held.clear();
  for (std::size_t i = 0; i < pool.tier_count(); ++i) {
    const ebb::pool_stats s = pool.tier_stats(i);
    if (s.dropped_at_random < 100 || s.made != s.idle + s.destroyed() + s.detached) std::_Exit(1);
  }
  std::_Exit(0);
}

TEST(BufferChecksDeathTest, random_mode_conserves_buffers) {
  EXPECT_EXIT(use_at_random(), testing::ExitedWithCode(0), "");
}

}  // namespace
