// scrub::zero: secrets are overwritten before their memory is kept, moved or freed, and nobody reads what
// another user left. This program is linked with --wrap=free, to look at memory just before it is freed.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/one_cpu.hpp>

namespace {

using ebb::buffer_pool;
using ebb::pooled_buffer;
using ebb::scrub;
using ebb::test::all_of;
using ebb::test::fill;
using ebb::test::intact;
using ebb::test::own_memory;
using ebb::test::zeros;
using options = buffer_pool::options;

// Bytes that somebody is going to free, and what was in them when it happened.
struct watch {
  std::span<const std::byte> bytes;
  const void* allocation;
  bool is_freed = false;
  std::size_t zeros_then = 0;

  explicit watch(pooled_buffer& b) : watch(all_of(b)) {}
  explicit watch(std::span<const std::byte> whole, std::size_t header_bytes = 0)
      : bytes(whole), allocation(whole.data() - header_bytes) {
    all.push_back(this);
  }
  ~watch() { std::erase(all, this); }
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
  [[nodiscard]] bool is_freed_as_zeros() const { return is_freed && zeros_then == bytes.size(); }

  static inline std::vector<watch*> all;
};

}  // namespace

extern "C" {
void __real_free(void* memory);
void __wrap_free(void* memory);
}

void __wrap_free(void* memory) {
  for (watch* w : watch::all) {
    if (w->allocation != memory || w->is_freed) continue;
    w->is_freed = true;
    w->zeros_then = zeros(w->bytes);
  }
  __real_free(memory);
}

namespace {

struct Scrub : testing::Test {
  ebb::test::on_one_cpu pinned;
};

TEST_F(Scrub, the_whole_capacity_is_zero_after_put) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 700, .on_put = scrub::zero}};
  for (const std::size_t n : {1u, 100u, 101u, 400u, 700u}) {
    pooled_buffer b = pool.get(n);
    std::byte* const data = b.data();
    const std::size_t capacity = b.capacity();
    for (int way = 0; way < 4; ++way) {
      fill(all_of(b), 7);
      if (way == 1) b.clear();
      if (way == 2) b.consume(n / 2);
      if (way == 3) b.resize(capacity);
      b.reset();
      b = pool.get(n);
      ASSERT_EQ(b.data(), data) << "the same memory again";
      EXPECT_EQ(zeros(all_of(b)), capacity) << n << ", way " << way;
    }
  }
}

TEST_F(Scrub, without_scrubbing_contents_stay_so_this_test_can_see_them) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 100}};
  pooled_buffer b = pool.get(100);
  fill(b, 3);
  b.reset();
  b = pool.get(100);
  EXPECT_EQ(intact(b, 3), 100u);
  const watch w(b);
  b.reset();
  ebb::collect();
  ebb::collect();
  EXPECT_TRUE(w.is_freed);
  EXPECT_FALSE(w.is_freed_as_zeros());
}

TEST_F(Scrub, memory_that_cycles_or_a_bound_free_is_zero_by_then) {
  for (const std::size_t bound : {std::size_t{0}, ebb::unlimited}) {
    buffer_pool pool{{.min_bytes = 64, .max_bytes = 64, .on_put = scrub::zero, .max_idle_bytes = bound}};
    pooled_buffer b = pool.get(10);
    fill(all_of(b), 1);
    const watch w(b);
    b.reset();
    EXPECT_EQ(w.is_freed, bound == 0);
    ebb::collect();
    ebb::collect();
    EXPECT_TRUE(w.is_freed_as_zeros());
  }
}

TEST_F(Scrub, memory_that_is_freed_with_its_pool_is_zero_by_then) {
  std::optional<buffer_pool> pool;
  pool.emplace(options{.min_bytes = 64, .max_bytes = 64, .on_put = scrub::zero});
  pooled_buffer b = pool->get(64);
  fill(b, 2);
  const watch w(b);
  b.reset();
  EXPECT_FALSE(w.is_freed);
  pool.reset();
  EXPECT_TRUE(w.is_freed_as_zeros());
}

TEST_F(Scrub, memory_too_large_for_the_pool_is_zero_before_it_is_freed) {
  for (const std::size_t alignment : {16u, 4096u}) {
    buffer_pool pool{{.min_bytes = 64, .max_bytes = 64, .alignment = alignment, .on_put = scrub::zero}};
    pooled_buffer b = pool.get(65);
    fill(b, 1);
    const watch first(b);
    b.resize(5000);  // moves
    EXPECT_TRUE(first.is_freed_as_zeros());
    fill(b, 2);
    const watch second(b);
    b.reset();
    EXPECT_TRUE(second.is_freed_as_zeros());
  }
}

TEST_F(Scrub, memory_a_buffer_has_grown_out_of_is_zero) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 400, .on_put = scrub::zero}};
  pooled_buffer b = pool.get(0);
  b.append(std::string(99, 's'));
  const std::byte* const old = b.data();
  b.append("ecret");
  EXPECT_EQ(b.view().substr(0, 99), std::string(99, 's'));
  EXPECT_EQ(b.view().substr(99), "ecret");
  pooled_buffer next = pool.get(1);
  ASSERT_EQ(next.data(), old);
  EXPECT_EQ(zeros(all_of(next)), 100u);
}

TEST_F(Scrub, memory_given_to_put_is_zero_whether_it_is_kept_or_freed) {
  buffer_pool pool{{.min_bytes = 1024, .max_bytes = 4096, .alignment = 64, .on_put = scrub::zero}};
  const auto put = [&](ebb::detached_buffer own, std::size_t header_bytes = 0) {
    const std::span<std::byte> bytes(own.data.get(), own.capacity);
    fill(bytes, 4);
    const watch w(bytes, header_bytes);
    pool.put(std::move(own));
    if (w.is_freed) {
      EXPECT_TRUE(w.is_freed_as_zeros());
    } else {
      EXPECT_EQ(zeros(pool.get(bytes.size())), bytes.size());
    }
    return w.is_freed;
  };
  EXPECT_TRUE(put(own_memory(960, 64))) << "too small";
  EXPECT_TRUE(put(own_memory(4160, 64))) << "too large";
  EXPECT_FALSE(put(own_memory(1024, 64)));
  EXPECT_FALSE(put(std::move(pool.get(4096)).detach()));
  ebb::calibrated_buffer_pool calibrated;
  pooled_buffer b = calibrated.get();
  b.reserve(2048);
  EXPECT_TRUE(put(std::move(b).detach(), 16)) << "with a header before it";
  std::vector<ebb::detached_buffer> some;  // the second of two with 16 bytes between them is not aligned
  for (int i = 0; i < 8; ++i) some.push_back(own_memory(1040));
  for (auto& own : some) {
    if (reinterpret_cast<std::uintptr_t>(own.data.get()) % 64 == 0) continue;
    EXPECT_TRUE(put(std::move(own))) << "not aligned";
  }
}

TEST_F(Scrub, the_bytes_behind_a_block_that_is_filed_by_floor_are_zero_too) {
  buffer_pool pool{{.min_bytes = 1024, .max_bytes = 4096, .on_put = scrub::zero}};
  ebb::detached_buffer own = own_memory(1500);
  const std::span<std::byte> bytes(own.data.get(), own.capacity);
  fill(bytes, 4);
  const watch w(bytes);
  pool.put(std::move(own));
  ebb::collect();
  ebb::collect();
  EXPECT_TRUE(w.is_freed_as_zeros());
}

TEST_F(Scrub, detached_memory_keeps_its_contents_because_they_are_the_users_now) {
  buffer_pool pool{{.min_bytes = 64, .max_bytes = 64, .on_get = scrub::zero, .on_put = scrub::zero}};
  pooled_buffer b = pool.get(64);
  fill(b, 8);
  const ebb::detached_buffer own = std::move(b).detach();
  EXPECT_EQ(intact({own.data.get(), own.size}, 8), 64u);
}

struct ScrubOnGet : Scrub {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 400, .on_get = scrub::zero}};

  // Leaves dirty memory behind in every tier, and with the allocator.
  void make_dirty() {
    std::vector<pooled_buffer> some;
    for (const std::size_t n : {100u, 200u, 400u, 500u, 1000u}) some.push_back(pool.get(n));
    for (pooled_buffer& b : some) fill(all_of(b), 9);
  }
};

TEST_F(ScrubOnGet, the_bytes_that_get_returns_are_zero_and_no_others_are_touched) {
  for (const std::size_t n : {0u, 1u, 100u, 101u, 399u, 400u, 500u, 1000u}) {
    make_dirty();
    pooled_buffer b = pool.get(n);
    EXPECT_EQ(b.size(), n);
    EXPECT_EQ(zeros(b), n) << n;
    if (n < 100) {
      EXPECT_EQ(b.data()[n], ebb::test::pattern_byte(9, n)) << "clearing it would cost time";
    }
  }
}

TEST_F(ScrubOnGet, the_bytes_that_resize_adds_are_zero_and_no_others_are_touched) {
  make_dirty();
  pooled_buffer b = pool.get(0);
  b.append("0123456789");
  b.resize(100);
  EXPECT_EQ(b.view(), "0123456789" + std::string(90, '\0'));
  fill(b, 9);
  b.resize(10);
  b.resize(50);
  EXPECT_EQ(intact(b, 9), 10u);
  EXPECT_EQ(zeros({b.data() + 10, 40}), 40u);
  b.resize(350);  // moves into dirty memory
  EXPECT_EQ(intact(b, 9), 10u);
  EXPECT_EQ(zeros({b.data() + 10, 340}), 340u);
  b.resize(900);
  EXPECT_EQ(zeros({b.data() + 10, 890}), 890u);
  b.reset();
  make_dirty();
  b.resize(300);
  EXPECT_EQ(zeros(b), 300u) << "after reset";
  pooled_buffer moved = std::move(b);
  b.resize(400);
  EXPECT_EQ(zeros(b), 400u) << "after it was moved from";
}

TEST_F(ScrubOnGet, bytes_that_were_written_and_committed_stay) {
  make_dirty();
  pooled_buffer b = pool.get(0);
  b.append("head");
  fill(b.prepare(60), 5);
  b.commit(60);
  EXPECT_EQ(intact({b.data() + 4, 60}, 5), 60u);
  fill(b.prepare(200), 6);  // moves
  b.commit(200);
  EXPECT_EQ(b.view().substr(0, 4), "head");
  EXPECT_EQ(intact({b.data() + 4, 60}, 5), 60u);
  EXPECT_EQ(intact({b.data() + 64, 200}, 6), 200u);
  b.resize(300);
  EXPECT_EQ(intact({b.data() + 64, 200}, 6), 200u);
  EXPECT_EQ(zeros({b.data() + 264, 36}), 36u);
  b.reserve(1000);
  EXPECT_EQ(b.size(), 300u);
  EXPECT_EQ(intact({b.data() + 64, 200}, 6), 200u);
}

}  // namespace
