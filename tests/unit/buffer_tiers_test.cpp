// Which tier a request, and a block, belongs to; huge bounds; and that draining one pool leaves the others
// be.
#include <ebb/detail/buffer_tiers.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>
#include <support/threads.hpp>

namespace {

using namespace ebb::detail;
using options = ebb::buffer_pool_options;

constexpr std::size_t largest = PTRDIFF_MAX;

struct nobody : buffer_owner {
  buffer_block grow(std::byte*, std::size_t, buffer_home*, std::size_t, std::size_t) override { return {}; }
  void give_back(std::byte*, std::size_t, buffer_home*, std::size_t) noexcept override {}
  void let_go(std::byte*, buffer_home*) noexcept override {}
};
nobody owner;

std::atomic<std::size_t> destroyed_by{0};
void destroy(void* data, void* tier) noexcept {
  destroyed_by = static_cast<buffer_tier*>(tier)->capacity;
  std::free(data);
}

struct tiers_under_test : buffer_tiers {
  explicit tiers_under_test(const options& o) : buffer_tiers(o, owner, destroy, "tiers_under_test") {}
  std::size_t index(const buffer_tier& t) { return static_cast<std::size_t>(&t - &(*this)[0]); }
};

// The definition: min 2^i below max, then max; without overflow.
std::vector<std::size_t> capacities(std::size_t min, std::size_t max) {
  std::vector<std::size_t> all;
  for (std::size_t c = min; c<max; c = c> max - c ? max : 2 * c) all.push_back(c);
  all.push_back(max);
  return all;
}

void check(tiers_under_test& tiers, const std::vector<std::size_t>& all, std::size_t n) {
  const auto up = std::lower_bound(all.begin(), all.end(), n);  // the smallest that is not smaller
  if (n >= 1 && n <= all.back()) {
    ASSERT_EQ(tiers.index(tiers.for_request(n)), static_cast<std::size_t>(up - all.begin())) << n;
  }
  const bool none = n < all.front() || n > all.back();
  buffer_tier* const block = tiers.for_block(n);
  ASSERT_EQ(block == nullptr, none) << n;
  if (none) return;
  const auto down = *up == n ? up : up - 1;  // the largest that is not larger
  ASSERT_EQ(tiers.index(*block), static_cast<std::size_t>(down - all.begin())) << n;
}

void check_capacities(tiers_under_test& tiers, const std::vector<std::size_t>& all) {
  ASSERT_EQ(tiers.count(), all.size());
  ASSERT_EQ(tiers.max_bytes(), all.back());
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(tiers[i].capacity, all[i]);
}

TEST(BufferTiers, every_size_belongs_to_the_tier_that_the_definition_says) {
  for (const std::size_t min : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 600u, 1000u, 1023u, 1024u, 1025u}) {
    for (const std::size_t max : {min, min + 1, 2 * min - 1, 2 * min, 2 * min + 1, 13 * min, 16 * min}) {
      if (max < min) continue;
      const auto all = capacities(min, max);
      tiers_under_test tiers({.min_bytes = min, .max_bytes = max});
      ASSERT_NO_FATAL_FAILURE(check_capacities(tiers, all));
      for (std::size_t n = 0; n <= max + 2; ++n) {
        ASSERT_NO_FATAL_FAILURE(check(tiers, all, n)) << n << " of " << min << " to " << max;
      }
    }
  }
}

TEST(BufferTiers, sizes_next_to_every_boundary_of_random_bounds_are_right) {
  ebb::test::dice d(3);
  for (int i = 0; i < 3000 / ebb::test::slowdown; ++i) {
    const std::size_t min = 1 + d.roll(1u << d.roll(31));
    const std::size_t max = min + (std::size_t{d.roll(1u << d.roll(31))} << d.roll(31));
    const auto all = capacities(min, max);
    tiers_under_test tiers({.min_bytes = min, .max_bytes = max});
    ASSERT_NO_FATAL_FAILURE(check_capacities(tiers, all));
    for (const std::size_t c : all) {
      for (const std::size_t n : {c - 1, c, c + 1}) {
        ASSERT_NO_FATAL_FAILURE(check(tiers, all, n)) << n << " of " << min << " to " << max;
      }
    }
    for (int j = 0; j < 20; ++j) {
      const std::size_t n = (std::size_t{d.roll(1u << 31)} << 31 | d.roll(1u << 31)) % (max + 2);
      ASSERT_NO_FATAL_FAILURE(check(tiers, all, n)) << n << " of " << min << " to " << max;
    }
  }
}

TEST(BufferTiers, the_largest_bounds_do_not_overflow) {
  for (const std::size_t min : {std::size_t{1}, std::size_t{3}, std::size_t{1024}, largest / 2,
                                largest / 2 + 1, largest / 2 + 2, largest - 1, largest}) {
    for (const std::size_t max : {largest, largest - 1, largest / 2 + 1, largest / 2}) {
      if (max < min) continue;
      const auto all = capacities(min, max);
      tiers_under_test tiers({.min_bytes = min, .max_bytes = max, .max_idle_bytes = largest});
      ASSERT_NO_FATAL_FAILURE(check_capacities(tiers, all));
      for (const std::size_t c : all) {
        for (const std::size_t n : {c - 1, c, c + 1, SIZE_MAX}) {
          ASSERT_NO_FATAL_FAILURE(check(tiers, all, n)) << n << " of " << min << " to " << max;
        }
      }
    }
  }
  EXPECT_EQ(capacities(1, largest).size(), 64u) << "1, 2, 4 ... 2^62, 2^63 - 1";
}

TEST(BufferTiers, what_needs_no_scrubbing_and_fits_is_straight) {
  tiers_under_test plain({.min_bytes = 100, .max_bytes = 777});
  for (const std::size_t n : {1u, 99u, 100u, 776u, 777u}) EXPECT_TRUE(plain.is_straight(n)) << n;
  for (const std::size_t n : {std::size_t{0}, std::size_t{778}, SIZE_MAX}) {
    EXPECT_FALSE(plain.is_straight(n)) << n;
  }
  tiers_under_test huge({.min_bytes = 1, .max_bytes = largest});
  EXPECT_TRUE(huge.is_straight(largest));
  EXPECT_FALSE(huge.is_straight(largest + 1));
  for (const options& o : {options{.min_bytes = 8, .max_bytes = 64, .on_get = ebb::scrub::zero},
                           options{.min_bytes = 8, .max_bytes = 64, .on_put = ebb::scrub::zero}}) {
    tiers_under_test scrubbed(o);
    for (const std::size_t n : {0u, 1u, 8u, 64u, 65u}) EXPECT_FALSE(scrubbed.is_straight(n)) << n;
    EXPECT_FALSE(scrubbed[0].straight);
  }
}

TEST(BufferTiers, a_tier_keeps_what_its_buffers_need_to_know) {
  tiers_under_test tiers({.min_bytes = 64, .max_bytes = 128, .on_get = ebb::scrub::zero, .name = "two"});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(tiers[i].owner, &owner);
    EXPECT_TRUE(tiers[i].zeroes);
    EXPECT_EQ(tiers[i].header_bytes, 0);
    EXPECT_EQ(tiers[i].core.traits().bytes, tiers[i].capacity) << "what ASan poisons";
    EXPECT_EQ(tiers[i].core.name(), "two");
  }
  EXPECT_EQ(tiers.name(), "two");
  tiers[1].core.drop(tiers.allocate(128), ebb::eviction_reason::rejected);
  EXPECT_EQ(destroyed_by, 128u) << "the context is the tier";
}

TEST(BufferTiers, shards_keep_no_more_than_64_kib_loaded_and_at_least_one_block) {
  EXPECT_EQ(max_loaded_of(1), 62u);
  EXPECT_EQ(max_loaded_of(1024), 62u);
  EXPECT_EQ(max_loaded_of(2048), 32u);
  EXPECT_EQ(max_loaded_of(65535), 1u);
  EXPECT_EQ(max_loaded_of(65536), 1u);
  EXPECT_EQ(max_loaded_of(largest), 1u);
}

TEST(BufferTiers, memory_is_aligned_as_the_options_say_also_where_the_size_is_not_a_multiple) {
  for (std::size_t alignment = 1; alignment <= 2 * 1024 * 1024; alignment *= 2) {
    tiers_under_test tiers({.min_bytes = 100, .max_bytes = 1000, .alignment = alignment});
    for (const std::size_t bytes : {1u, 100u, 999u}) {
      const std::unique_ptr<std::byte, decltype(&std::free)> data(tiers.allocate(bytes), std::free);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data.get()) % alignment, 0u);
      EXPECT_TRUE(tiers.is_aligned(data.get()));
      if (alignment > 8) {
        EXPECT_FALSE(tiers.is_aligned(data.get() + alignment / 2));
      }
      ebb::test::fill({data.get(), bytes}, alignment);
    }
  }
}

TEST(BufferTiers, wipe_overwrites_exactly_what_it_is_told_to) {
  std::vector<std::byte> bytes(100, std::byte{0xa5});
  wipe(bytes.data() + 10, 80);
  EXPECT_EQ(ebb::test::zeros(bytes), 80u);
  EXPECT_EQ(bytes[9], std::byte{0xa5});
  EXPECT_EQ(bytes[10], std::byte{0});
  EXPECT_EQ(bytes[90], std::byte{0xa5});
  wipe(bytes.data(), 0);
  EXPECT_EQ(bytes[0], std::byte{0xa5});
}

// pool_core::drain(): what is idle in one pool, however it lies there, and nothing of the others.
TEST(Drain, destroys_all_that_is_idle_in_one_pool_and_nothing_of_others) {
  tiers_under_test tiers({.min_bytes = 64, .max_bytes = 256});
  ebb::buffer_pool other{{.min_bytes = 64, .max_bytes = 64}};
  const auto put = [&](std::size_t tier, int count) {
    for (int i = 0; i < count; ++i) tiers[tier].core.put(tiers.allocate(tiers[tier].capacity));
  };
  const auto idle = [&](std::size_t tier) { return tiers[tier].core.stats().idle; };
  tiers[0].core.drain();  // nothing was ever put
  EXPECT_EQ(idle(0), 0u);
  put(0, 30);
  put(1, 200);
  for (int i = 0; i < 3; ++i) other.put(ebb::test::own_memory(64));
  ebb::collect();  // these are victims now
  put(1, 77);
  put(2, 5);
  const std::uint64_t cycles = other.stats().cycles;
  tiers[1].core.drain();
  EXPECT_EQ(idle(1), 0u);
  EXPECT_EQ(tiers[1].core.stats().dropped_drained, 277u);
  EXPECT_EQ(destroyed_by, 128u);
  EXPECT_EQ(idle(0), 30u);
  EXPECT_EQ(idle(2), 5u);
  EXPECT_EQ(other.stats().idle, 3u);
  EXPECT_EQ(other.stats().cycles, cycles) << "they have not aged";
  put(1, 4);
  tiers[1].core.drain();
  tiers[1].core.drain();
  EXPECT_EQ(tiers[1].core.stats().dropped_drained, 281u);
  for (std::size_t i = 0; i < 3; ++i) tiers[i].core.close();
}

TEST(Drain, while_others_get_put_and_collect_conserves_everything) {
  tiers_under_test tiers({.min_bytes = 64, .max_bytes = 64});
  pool_core& core = tiers[0].core;
  std::atomic<std::uint64_t> made{0};
  std::atomic<int> working{3};
  ebb::test::run_together(5, [&](int me) {
    while (me >= 3 && working > 0) me == 3 ? (void)core.drain() : ebb::collect();
    if (me >= 3) return;
    std::vector<void*> held;
    for (int i = 0; i < 100'000 / ebb::test::slowdown; ++i) {
      if (i / 100 % 2 == 0) {
        void* data = core.get();
        if (data == nullptr) {
          data = tiers.allocate(64);
          ++made;
        }
        held.push_back(data);
      } else {
        core.put(held.back());
        held.pop_back();
      }
    }
    --working;
  });
  const ebb::pool_stats s = core.stats();
  EXPECT_EQ(made, s.idle + s.destroyed());
  core.drain();
  EXPECT_EQ(core.stats().idle, 0u);
  EXPECT_EQ(core.stats().destroyed(), made);
  core.close();
}

}  // namespace
