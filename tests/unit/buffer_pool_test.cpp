#include <ebb/buffer_pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/runtime_info.hpp>
#include <support/buffers.hpp>
#include <support/one_cpu.hpp>
#include <support/threads.hpp>

namespace {

using ebb::buffer_pool;
using ebb::pooled_buffer;
using ebb::test::all_of;
using ebb::test::fill;
using ebb::test::intact;
using ebb::test::own_memory;
using options = buffer_pool::options;

static_assert(!std::is_move_constructible_v<buffer_pool>);
static_assert(std::is_final_v<buffer_pool>, "or compilers warn where one is deleted");
static_assert(noexcept(std::declval<buffer_pool&>().put(ebb::detached_buffer())));

struct BufferPool : testing::Test {
  ebb::test::on_one_cpu pinned;
};
struct BufferPoolBudget : BufferPool {};

std::string refusal(const options& o) {
  try {
    const buffer_pool pool{o};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

TEST_F(BufferPool, has_tiers_from_1_kib_to_1_mib_by_default) {
  const buffer_pool pool;
  ASSERT_EQ(pool.tier_count(), 11u);
  for (std::size_t i = 0; i < 11; ++i) EXPECT_EQ(pool.tier_bytes(i), std::size_t{1024} << i);
  EXPECT_EQ(pool.name(), "");
}

TEST_F(BufferPool, refuses_options_with_a_message_that_names_value_and_valid_range) {
  EXPECT_EQ(refusal({.min_bytes = 0, .max_bytes = 77, .name = "none"}),
            "ebb::buffer_pool \"none\": options.min_bytes is 0; valid are 1 to max_bytes, which is 77");
  EXPECT_EQ(refusal({.min_bytes = 100, .max_bytes = 99, .name = "crossed"}),
            "ebb::buffer_pool \"crossed\": options.max_bytes is 99; valid are min_bytes, which is 100, to "
            "9223372036854775807");
  EXPECT_EQ(
      refusal({.max_bytes = std::size_t{1} << 63}),
      "ebb::buffer_pool \"\": options.max_bytes is 9223372036854775808; valid are min_bytes, which is "
      "1024, to 9223372036854775807");
  EXPECT_EQ(refusal({.max_bytes = PTRDIFF_MAX}), "accepted");
  EXPECT_EQ(refusal({.min_bytes = PTRDIFF_MAX, .max_bytes = PTRDIFF_MAX}), "accepted");
  for (const std::size_t bad : {std::size_t{0}, std::size_t{3}, std::size_t{48}, std::size_t{4'194'304},
                                std::size_t{1} << 63, SIZE_MAX}) {
    EXPECT_EQ(refusal({.alignment = bad, .name = "askew"}),
              "ebb::buffer_pool \"askew\": options.alignment is " + std::to_string(bad) +
                  "; valid are powers of two from 1 to 2097152");
  }
  for (const std::size_t good : {1u, 2u, 64u, 4096u, 2'097'152u}) {
    EXPECT_EQ(refusal({.alignment = good}), "accepted");
  }
}

TEST_F(BufferPool, hands_out_what_was_put_last_and_keeps_tiers_apart) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 400}};
  std::array<std::byte*, 3> first{};
  for (std::size_t i = 0; i < 3; ++i) first[i] = pool.get(100u << i).data();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(pool.get(100u << i).data(), first[i]);
  EXPECT_EQ(pool.get(0).data(), first[0]);
  EXPECT_EQ(pool.get(101).data(), first[1]);
  EXPECT_EQ(pool.stats().made, 3u);
}

TEST_F(BufferPool, buffers_of_no_bytes_have_the_capacity_of_the_smallest_tier) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 400}};
  pooled_buffer b = pool.get(0);
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(b.capacity(), 100u);
}

TEST_F(BufferPool, what_is_larger_than_all_tiers_is_exact_and_counted_nowhere) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 400, .alignment = 64}};
  pooled_buffer b = pool.get(401);
  EXPECT_EQ(b.size(), 401u);
  EXPECT_EQ(b.capacity(), 401u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data()) % 64, 0u);
  fill(b, 1);
  b.push_back('x');
  EXPECT_EQ(b.capacity(), 802u);
  EXPECT_EQ(intact(b, 1), 401u);
  ebb::detached_buffer own = std::move(b).detach();
  EXPECT_EQ(own.capacity, 802u);
  pool.put(std::move(own));  // freed: it fits no tier
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made + s.idle + s.missed + s.detached + s.destroyed(), 0u);
}

TEST_F(BufferPool, without_memory_get_throws_bad_alloc) {
  if (ebb::test::slowdown > 1) GTEST_SKIP() << "sanitizers stop a program that asks for so much";
  for (const std::size_t alignment : {16u, 4096u}) {
    buffer_pool pool{{.max_bytes = PTRDIFF_MAX, .alignment = alignment}};
    EXPECT_THROW((void)pool.get(PTRDIFF_MAX), std::bad_alloc);
    EXPECT_THROW((void)pool.get(SIZE_MAX), std::bad_alloc) << "what a negative size becomes";
    EXPECT_EQ(pool.stats().made, 0u);
    pooled_buffer b = pool.get(5);
    EXPECT_EQ(pool.stats().made, 1u);
  }
}

TEST_F(BufferPool, put_files_by_floor_and_frees_what_fits_no_tier) {
  buffer_pool pool{{.min_bytes = 1024, .max_bytes = 15000}};
  const auto idle = [&] {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < pool.tier_count(); ++i) all.push_back(pool.tier_stats(i).idle);
    return all;
  };
  const auto put = [&](std::size_t capacity) { pool.put(own_memory(capacity)); };
  using counts = std::vector<std::uint64_t>;
  for (const std::size_t capacity : {1023u, 15001u, 20000u}) put(capacity);
  EXPECT_EQ(idle(), (counts{0, 0, 0, 0, 0}));
  for (const std::size_t capacity : {1024u, 1500u, 2047u}) put(capacity);
  EXPECT_EQ(idle(), (counts{3, 0, 0, 0, 0}));
  for (const std::size_t capacity : {2048u, 4095u}) put(capacity);
  EXPECT_EQ(idle(), (counts{3, 2, 0, 0, 0}));
  for (const std::size_t capacity : {8192u, 14999u}) put(capacity);
  EXPECT_EQ(idle(), (counts{3, 2, 0, 2, 0}));
  put(15000);
  EXPECT_EQ(idle(), (counts{3, 2, 0, 2, 1}));
  EXPECT_EQ(pool.idle_bytes(), 3 * 1024u + 2 * 2048u + 2 * 8192u + 15000u) << "as their tiers promise";
  // Each is writable to the end of the capacity it is handed out with.
  std::vector<pooled_buffer> out;
  for (const std::size_t n : {1u, 1024u, 1000u, 2048u, 1025u, 8192u, 5000u, 15000u})
    out.push_back(pool.get(n));
  for (std::size_t i = 0; i < out.size(); ++i) fill(all_of(out[i]), i);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(intact(all_of(out[i]), i), out[i].capacity());
  EXPECT_EQ(pool.stats().made, 0u) << "all of them were put";
  EXPECT_EQ(idle(), (counts{0, 0, 0, 0, 0}));
}

TEST_F(BufferPool, put_ignores_null) {
  buffer_pool pool;
  pool.put({});
  pool.put({.data = nullptr, .size = 3000, .capacity = 4096});
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST_F(BufferPool, what_was_detached_can_be_put_back_with_its_contents) {
  buffer_pool pool{{.min_bytes = 64, .max_bytes = 1000}};
  pooled_buffer b = pool.get(900);
  fill(all_of(b), 5);
  const std::byte* const data = b.data();
  pool.put(std::move(b).detach());
  EXPECT_EQ(pool.tier_stats(4).idle, 1u);
  pooled_buffer again = pool.get(1000);
  EXPECT_EQ(again.data(), data);
  EXPECT_EQ(intact(again, 5), 1000u);
}

TEST_F(BufferPool, memory_that_is_not_aligned_as_the_options_say_is_freed) {
  buffer_pool pool{{.min_bytes = 64, .max_bytes = 8192, .alignment = 4096}};
  ebb::detached_buffer aligned = own_memory(4096, 4096);
  const std::byte* const data = aligned.data.get();
  pool.put(std::move(aligned));
  EXPECT_EQ(pool.stats().idle, 1u);
  std::vector<ebb::detached_buffer> askew;  // no two of them in one page can both be aligned
  for (int i = 0; i < 2; ++i) askew.push_back(own_memory(100));
  for (auto& m : askew) {
    if (reinterpret_cast<std::uintptr_t>(m.data.get()) % 4096 != 0) pool.put(std::move(m));
  }
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.get(4096).data(), data);
  for (std::size_t n = 1; n <= 10'000; n = 2 * n + 1) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pool.get(n).data()) % 4096, 0u) << n;
  }
}

TEST_F(BufferPool, memory_of_a_calibrated_pool_is_freed_because_free_cannot_take_its_data) {
  ebb::calibrated_buffer_pool calibrated;
  buffer_pool pool{{.min_bytes = 64, .max_bytes = 8192}};
  pooled_buffer b = calibrated.get();
  b.reserve(1024);
  ASSERT_EQ(b.capacity(), 1024u);
  fill(all_of(b), 1);
  pool.put(std::move(b).detach());
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(calibrated.stats().in_use(), 0u);
}

TEST_F(BufferPool, growing_moves_between_tiers_and_keeps_both_in_the_books) {
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 1600}};
  pooled_buffer b = pool.get(100);
  fill(b, 9);
  for (std::size_t i = 1; i < 5; ++i) {
    b.resize((100u << i) - 1);
    EXPECT_EQ(b.capacity(), 100u << i);
    EXPECT_EQ(intact(b, 9), 100u) << "what was in use has moved along";
    EXPECT_EQ(pool.tier_stats(i - 1).idle, 1u);
    EXPECT_EQ(pool.tier_stats(i).in_use(), 1u);
  }
  b.resize(1601);
  EXPECT_EQ(b.capacity(), 1601u);
  EXPECT_EQ(intact(b, 9), 100u);
  EXPECT_EQ(pool.stats().idle, 5u);
  EXPECT_EQ(pool.stats().in_use(), 0u) << "it is not of the pool any more";
  b.reset();
  b.resize(300);
  EXPECT_EQ(b.capacity(), 400u) << "and is again";
  EXPECT_EQ(pool.stats().made, 5u);
}

TEST_F(BufferPool, stats_add_the_tiers_up) {
  buffer_pool pool{{.min_bytes = 64, .max_bytes = 256, .name = "three"}};
  std::vector<pooled_buffer> some;
  for (std::size_t tier = 0; tier < 3; ++tier) {
    for (std::size_t i = 0; i <= tier; ++i) some.push_back(pool.get(64u << tier));  // 1, 2 and 3
  }
  (void)std::move(some.back()).detach();
  some.erase(some.begin(), some.begin() + 2);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(pool.tier_stats(i).made, i + 1);
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made, 6u);
  EXPECT_EQ(s.missed, 6u);
  EXPECT_EQ(s.detached, 1u);
  EXPECT_EQ(s.idle, 2u);
  EXPECT_EQ(s.in_use(), 3u);
  EXPECT_EQ(pool.idle_bytes(), 64u + 128u);
  EXPECT_EQ(pool.name(), "three");
}

TEST_F(BufferPool, buffers_may_die_on_other_threads) {
  buffer_pool pool;
  pooled_buffer b = pool.get(3000);
  fill(b, 4);
  std::thread([moved = std::move(b)] { EXPECT_EQ(intact(moved, 4), 3000u); }).join();
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST_F(BufferPool, may_be_a_static_or_a_member_and_starts_again_after_cycles) {
  struct server {
    buffer_pool pool{{.min_bytes = 512, .max_bytes = 512}};
  };
  static server s;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    pooled_buffer b = s.pool.get(1);
    EXPECT_EQ(s.pool.stats().made, round);
    b.reset();
    ebb::collect();
    EXPECT_EQ(s.pool.idle_bytes(), 512u) << "a victim";
    ebb::collect();
    EXPECT_EQ(s.pool.idle_bytes(), 0u);
    EXPECT_EQ(s.pool.stats().dropped_aged, round);
  }
}

void expect_conserved(const buffer_pool& pool) {
  for (std::size_t i = 0; i < pool.tier_count(); ++i) {
    const ebb::pool_stats s = pool.tier_stats(i);
    EXPECT_EQ(s.made, s.idle + s.destroyed() + s.detached) << "tier " << i;
  }
}

TEST_F(BufferPoolBudget, is_kept_over_all_tiers_and_at_least_half_of_it_is_used) {
  constexpr std::size_t bound = 4'000'000;
  buffer_pool pool{{.min_bytes = 1000, .max_bytes = 16000, .max_idle_bytes = bound}};
  ebb::test::dice d(1);
  for (int burst = 0; burst < 8; ++burst) {
    std::vector<pooled_buffer> some;
    for (int i = 0; i < 2000; ++i) some.push_back(pool.get(1 + d.roll(16000)));
    some.clear();
    EXPECT_LE(pool.idle_bytes(), bound);
    EXPECT_GE(pool.idle_bytes(), bound / 2);
    expect_conserved(pool);
    if (burst % 3 == 2) ebb::collect();
    EXPECT_LE(pool.idle_bytes(), bound);
  }
  EXPECT_GT(pool.stats().dropped_over_budget, 0u);
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(pool.idle_bytes(), 0u);
  std::vector<pooled_buffer> some;
  for (int i = 0; i < 300; ++i) some.push_back(pool.get(16000));
  some.clear();
  EXPECT_GE(pool.idle_bytes(), bound / 2) << "what has aged is free again for other tiers";
}

TEST_F(BufferPoolBudget, a_block_weighs_its_tier) {
  // One thread, so what is set aside is at most one block per tier.
  buffer_pool pool{{.min_bytes = 1000, .max_bytes = 8000, .max_idle_bytes = 16'000}};
  for (int i = 0; i < 100; ++i) pool.put(own_memory(8000));
  EXPECT_EQ(pool.tier_stats(3).idle, 2u);
  for (int i = 0; i < 100; ++i) pool.put(own_memory(1000));
  EXPECT_EQ(pool.stats().idle, 2u) << "nothing is left for the others";
  EXPECT_EQ(pool.stats().dropped_over_budget, 98u + 100u);
  ebb::collect();
  ebb::collect();
  for (int i = 0; i < 100; ++i) pool.put(own_memory(1000));
  EXPECT_EQ(pool.tier_stats(0).idle, 16u);
}

// What is loaded counts with its room, so one shard must not have more than its part of one half.
TEST_F(BufferPoolBudget, a_shard_sets_no_more_aside_than_its_share_over_all_tiers) {
  constexpr std::size_t share = 16384;  // of one shard in one tier
  constexpr std::size_t tiers = 5;
  const std::size_t bound = 2 * ebb::runtime_info().shards * tiers * share;
  buffer_pool pool{{.min_bytes = 1024, .max_bytes = 16384, .max_idle_bytes = bound}};
  std::vector<std::vector<pooled_buffer>> out(tiers - 1);
  for (std::size_t i = 0; i + 1 < tiers; ++i) {
    for (int burst = 0; burst < 6; ++burst) {  // what is loaded grows with bursts
      out[i].clear();
      for (int n = 0; n < 300; ++n) out[i].push_back(pool.get(pool.tier_bytes(i)));
    }
    out[i].resize(260);
    for (int n = 0; n < 20; ++n) out[i].push_back(pool.get(pool.tier_bytes(i)));  // makes room in it
  }
  for (std::size_t n = 0; n < bound / 16384 + 10; ++n) pool.put(own_memory(16384));
  EXPECT_LE(pool.idle_bytes(), bound);
  EXPECT_GE(pool.idle_bytes(), bound - tiers * share - 16384);
}

TEST_F(BufferPoolBudget, of_nothing_keeps_nothing_and_of_one_block_keeps_one) {
  buffer_pool none{{.max_idle_bytes = 0}};
  buffer_pool one{{.min_bytes = 1000, .max_bytes = 4000, .max_idle_bytes = 1999}};
  for (int i = 0; i < 50; ++i) {
    (void)none.get(5);
    (void)none.get(100'000);
    EXPECT_EQ(none.stats().idle, 0u);
    (void)one.get(4000);
    (void)one.get(2000);
    const pooled_buffer a = one.get(1000);
    const pooled_buffer b = one.get(1000);
    EXPECT_LE(one.idle_bytes(), 1999u);
  }
  EXPECT_EQ(none.stats().made, 100u);
  EXPECT_EQ(none.stats().dropped_over_budget, 100u);
  EXPECT_EQ(one.tier_stats(0).idle, 1u);
  EXPECT_EQ(one.tier_stats(1).idle + one.tier_stats(2).idle, 0u);
  expect_conserved(none);
  expect_conserved(one);
}

}  // namespace
