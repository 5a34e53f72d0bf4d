// A budget for the whole process: who gets how much of it, and that none of it is lost.
#include <ebb/budget.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pool_resource.hpp>
#include <support/burst.hpp>
#include <support/evictions.hpp>
#include <support/one_cpu.hpp>

#include "pool_state.hpp"
#include "process_budget.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace {

using ebb::eviction_reason;
using ebb::detail::registry;
using ebb::test::burst;

constexpr std::size_t kib = 1024;

template <std::size_t Bytes>
struct block {
  std::array<std::byte, Bytes> bytes;
};

using pool_of_kib = ebb::object_pool<block<kib>>;

template <class... Pools>
std::uint64_t idle_bytes(const Pools&... pools) {
  return (pools.stats().idle_bytes + ...);
}

struct ProcessBudget : testing::Test {
  void TearDown() override {
    ebb::set_idle_budget(ebb::unlimited);
    ebb::detail::fence_plan = 0;
  }
  // Nothing is lost, and nobody has what nobody gave.
  static void expect_balance(const std::string& after) {
    EXPECT_EQ(registry::process_budget_error(), 0) << "after " << after;
  }
  const ebb::test::on_one_cpu here;
};

TEST_F(ProcessBudget, is_unlimited_until_it_is_set_and_says_what_was_set) {
  EXPECT_EQ(ebb::idle_budget(), ebb::unlimited);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, 64 * kib, ebb::unlimited - 1}) {
    ebb::set_idle_budget(bytes);
    EXPECT_EQ(ebb::idle_budget(), bytes);
    expect_balance(std::to_string(bytes));
  }
  ebb::set_idle_budget(ebb::unlimited);
  EXPECT_EQ(ebb::idle_budget(), ebb::unlimited);
}

TEST_F(ProcessBudget, of_nearly_all_there_is_lets_everything_stay) {
  for (const std::size_t most : {ebb::unlimited - 1, std::size_t{1} << 63, (std::size_t{1} << 63) - 1}) {
    ebb::set_idle_budget(most);
    pool_of_kib pool;
    burst(pool, 300);
    ebb::collect();
    EXPECT_EQ(pool.stats().idle, 300u) << most;
    expect_balance(std::to_string(most));
  }
}

TEST_F(ProcessBudget, bounds_all_pools_together_from_the_first_put_on) {
  ebb::set_idle_budget(100 * kib);
  pool_of_kib a;
  ebb::object_pool<block<4 * kib>> b;
  for (int round = 0; round < 10; ++round) {
    burst(a, 80);
    EXPECT_LE(idle_bytes(a, b), 100 * kib);
    {
      std::vector<ebb::pooled<block<4 * kib>>> out(30);
      b.get_n(out);
    }
    EXPECT_LE(idle_bytes(a, b), 100 * kib);
    if (round % 3 == 2) ebb::collect();
    EXPECT_LE(idle_bytes(a, b), 100 * kib);
    expect_balance("a round");
  }
  EXPECT_GE(idle_bytes(a, b), 50 * kib) << "and lets them use it";
}

TEST_F(ProcessBudget, lowered_destroys_what_is_over_at_once_and_raised_lets_pools_grow) {
  ebb::test::ledger book;
  pool_of_kib a{{.name = "a"}};
  pool_of_kib b{{.name = "b"}};
  burst(a, 100);
  burst(b, 100);
  ebb::set_idle_budget(200 * kib);
  EXPECT_EQ(idle_bytes(a, b), 200 * kib) << "all of it fits";
  expect_balance("setting");
  ebb::set_idle_budget(50 * kib);
  EXPECT_LE(idle_bytes(a, b), 50 * kib);
  expect_balance("lowering");
  for (int i = 0; i < 4; ++i) {
    burst(a, 100);
    burst(b, 100);
    EXPECT_LE(idle_bytes(a, b), 50 * kib);
    ebb::collect();
    expect_balance("a cycle");
  }
  ebb::set_idle_budget(400 * kib);
  for (int i = 0; i < 3; ++i) {
    burst(a, 100);
    burst(b, 100);
    ebb::collect();
  }
  EXPECT_EQ(idle_bytes(a, b), 200 * kib);
  expect_balance("raising");
  ebb::set_idle_budget(0);
  EXPECT_EQ(idle_bytes(a, b), 0u);
  burst(a, 100);
  EXPECT_EQ(idle_bytes(a, b), 0u);
  expect_balance("nothing");
  ebb::set_idle_budget(ebb::unlimited);
  burst(a, 100);
  EXPECT_EQ(idle_bytes(a), 100 * kib);
}

TEST_F(ProcessBudget, lowered_while_fences_are_refused_still_destroys_what_is_not_loaded) {
  pool_of_kib a;
  burst(a, 300);
  ebb::detail::fence_plan = 0b11;
  ebb::set_idle_budget(100 * kib);
  EXPECT_LE(a.stats().idle, 100u + ebb::detail::max_capacity);
  expect_balance("a refused fence");
  ebb::detail::fence_plan = 0;
  ebb::collect();
  EXPECT_LE(a.stats().idle, 100u);
  expect_balance("the next cycle");
}

TEST_F(ProcessBudget, does_not_spare_what_a_pool_wants_to_keep) {
  pool_of_kib a{{.keep_at_least = 200}};
  burst(a, 200);
  for (int aged = 0; aged < 3; ++aged) {
    ebb::set_idle_budget(50 * kib);
    EXPECT_LE(a.stats().idle, 50u);
    ebb::set_idle_budget(ebb::unlimited);
    burst(a, 200);
    for (int i = 0; i < aged; ++i) ebb::collect();
  }
}

TEST_F(ProcessBudget, equal_users_of_too_small_a_budget_get_equal_parts) {
  constexpr std::size_t users = 4;
  ebb::set_idle_budget(200 * kib);
  std::array<pool_of_kib, users> pools;
  for (int i = 0; i < 8; ++i) {
    for (pool_of_kib& p : pools) burst(p, 150);
    ebb::collect();
    expect_balance("a cycle");
  }
  for (pool_of_kib& p : pools) burst(p, 150);
  for (const pool_of_kib& p : pools) {
    EXPECT_GE(p.stats().idle, 45u);
    EXPECT_LE(p.stats().idle, 50u);
  }
}

TEST_F(ProcessBudget, a_small_user_keeps_all_it_needs_and_the_others_share_the_rest) {
  ebb::set_idle_budget(210 * kib);
  pool_of_kib small;
  std::array<pool_of_kib, 2> large;
  const auto work = [&] {
    burst(large[0], 500);
    burst(small, 60);
    burst(large[1], 200);
  };
  for (int i = 0; i < 6; ++i) {
    work();
    ebb::collect();
    expect_balance("a cycle");
  }
  const std::uint64_t missed = small.stats().missed;
  for (int i = 0; i < 6; ++i) {
    work();
    ebb::collect();
  }
  EXPECT_EQ(small.stats().missed, missed) << "it never has to make one again";
  work();
  for (const pool_of_kib& p : large) EXPECT_NEAR(static_cast<double>(p.stats().idle), 75.0, 8.0);
}

TEST_F(ProcessBudget, an_idle_pool_gives_its_part_to_busy_ones_within_two_cycles) {
  ebb::set_idle_budget(200 * kib);
  pool_of_kib sleeper;
  pool_of_kib busy;
  for (int i = 0; i < 5; ++i) {
    burst(sleeper, 200);
    burst(busy, 200);
    ebb::collect();
  }
  EXPECT_LE(busy.stats().idle, 105u);
  for (int i = 0; i < 2; ++i) {
    burst(busy, 200);
    ebb::collect();
  }
  burst(busy, 200);
  EXPECT_EQ(sleeper.stats().idle, 0u);
  EXPECT_GE(busy.stats().idle, 190u);
  expect_balance("two cycles");
}

TEST_F(ProcessBudget, a_pool_takes_nothing_of_what_is_left_where_that_is_not_enough_for_it) {
  ebb::set_idle_budget(10 * kib);
  pool_of_kib small;
  burst(small, 7);
  ebb::object_pool<block<4 * kib>> large;
  large.get().reset();
  EXPECT_EQ(large.stats().idle, 0u);
  burst(small, 10);
  EXPECT_EQ(small.stats().idle, 10u);
  expect_balance("two sizes");
}

TEST_F(ProcessBudget, a_new_pool_gets_in_within_two_cycles_where_others_have_it_all) {
  ebb::set_idle_budget(200 * kib);
  pool_of_kib old;
  for (int i = 0; i < 4; ++i) {
    burst(old, 300);
    ebb::collect();
  }
  pool_of_kib young;
  for (int i = 0; i < 2; ++i) {
    burst(old, 300);
    burst(young, 300);
    ebb::collect();
  }
  burst(young, 300);
  burst(old, 300);
  EXPECT_GE(young.stats().idle, 90u);
  EXPECT_GE(old.stats().idle, 90u);
  expect_balance("a new pool");
}

TEST_F(ProcessBudget, a_pool_at_its_own_bound_takes_no_more_than_that_from_the_others) {
  ebb::set_idle_budget(200 * kib);
  pool_of_kib bounded{{.max_idle = 10}};
  pool_of_kib by_bytes{{.max_idle_bytes = 10 * kib}};
  pool_of_kib other;
  for (int i = 0; i < 6; ++i) {
    burst(bounded, 300);
    burst(by_bytes, 300);
    burst(other, 300);
    ebb::collect();
  }
  burst(bounded, 300);
  burst(by_bytes, 300);
  burst(other, 300);
  EXPECT_GE(other.stats().idle, 170u) << "10 of each of the others, and not a third for each";
  expect_balance("six cycles");
}

TEST_F(ProcessBudget, enough_for_all_evicts_nothing) {
  ebb::set_idle_budget(1000 * kib);
  std::array<pool_of_kib, 4> pools;
  for (int i = 0; i < 10; ++i) {
    for (pool_of_kib& p : pools) {
      // Some are in use while the cycle runs, and come back afterwards.
      std::vector<ebb::pooled<block<kib>>> out(200);
      p.get_n(out);
      for (std::size_t k = 0; k < 100; ++k) out[k].reset();
      if (&p == &pools[0]) ebb::collect();
    }
  }
  EXPECT_EQ(idle_bytes(pools[0], pools[1], pools[2], pools[3]), 800 * kib);
  burst(pools[0], 390);
  EXPECT_EQ(pools[0].stats().idle, 390u) << "more than others use, and nobody lacks it";
  for (const pool_of_kib& p : pools) EXPECT_EQ(p.stats().dropped_over_budget, 0u);
}

// Of the process's budget, as of any other: it holds at every instant.
TEST_F(ProcessBudget, what_is_being_destroyed_has_its_room_until_it_is_gone) {
  pool_of_kib other;
  burst(other, 1);
  ebb::object_pool<block<kib>>* self = nullptr;
  std::uint64_t most = 0;
  ebb::object_pool<block<kib>> ages{{.on_evict = [&](block<kib>&, eviction_reason) {
    (void)other.drain();  // looks what has become free meanwhile
    burst(other, 100);
    most = std::max(most, idle_bytes(*self, other));
  }}};
  self = &ages;
  burst(ages, 100);
  ebb::collect();
  ebb::set_idle_budget(100 * kib);  // with the cycle that is one too many for them
  EXPECT_EQ(ages.stats().dropped_aged, 100u);
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, 100 * kib);
  burst(other, 100);
  EXPECT_GE(other.stats().idle, 95u) << "and then it is the others'";
  expect_balance("what was there before a total");
}

TEST_F(ProcessBudget, tiers_of_a_buffer_pool_have_one_part_together) {
  ebb::set_idle_budget(300 * kib);
  ebb::buffer_pool buffers{{.min_bytes = 1024, .max_bytes = 4096}};
  pool_of_kib a;
  pool_of_kib b;
  const auto work = [&] {
    std::vector<ebb::pooled_buffer> out;
    for (int i = 0; i < 300; ++i) {
      for (const std::size_t bytes : {1024u, 2048u, 4096u}) out.push_back(buffers.get(bytes));
    }
    out.clear();
    burst(a, 300);
    burst(b, 300);
  };
  for (int i = 0; i < 6; ++i) {
    work();
    EXPECT_LE(idle_bytes(buffers, a, b), 300 * kib);
    ebb::collect();
    EXPECT_LE(idle_bytes(buffers, a, b), 300 * kib);
    expect_balance("a cycle");
  }
  work();
  for (const std::uint64_t part : {idle_bytes(buffers), idle_bytes(a), idle_bytes(b)}) {
    EXPECT_GE(part, 88 * kib) << "a third, not a fifth for each tier";
    EXPECT_LE(part, 101 * kib);
  }
}

TEST_F(ProcessBudget, holds_for_buffer_pools_and_memory_resources_that_were_there_before) {
  ebb::buffer_pool buffers{{.min_bytes = 1024, .max_bytes = 4096}};
  ebb::pool_resource blocks;
  {
    std::vector<ebb::pooled_buffer> out;
    for (int i = 0; i < 90; ++i) out.push_back(buffers.get(std::size_t{1024} << (i % 3)));
    std::vector<void*> raw;
    for (int i = 0; i < 100; ++i) raw.push_back(blocks.allocate(1024));
    for (void* p : raw) blocks.deallocate(p, 1024);
  }
  EXPECT_EQ(idle_bytes(buffers, blocks), 310 * kib);
  ebb::set_idle_budget(120 * kib);
  EXPECT_LE(idle_bytes(buffers, blocks), 120 * kib);
  EXPECT_GT(idle_bytes(buffers, blocks), 100 * kib);
  expect_balance("setting it");
}

TEST_F(ProcessBudget, pools_that_die_give_their_part_back) {
  ebb::set_idle_budget(100 * kib);
  for (int i = 0; i < 20; ++i) {
    pool_of_kib pool;
    ebb::buffer_pool buffers;
    ebb::pool_resource blocks;
    burst(pool, 100);
    buffers.get(2048).resize(1);
    blocks.deallocate(blocks.allocate(100), 100);
    if (i % 3 == 1) ebb::collect();
    expect_balance("use");
  }
  expect_balance("twenty deaths");
  pool_of_kib heir;
  burst(heir, 100);
  EXPECT_GE(heir.stats().idle, 95u) << "all of it is there for the next one";
}

// A destructor that runs while its pool dies may do what it likes.
TEST_F(ProcessBudget, set_anew_while_a_pool_dies_loses_nothing) {
  ebb::set_idle_budget(100 * kib);
  struct setter {
    std::size_t to = 0;
    ~setter() {
      if (to == 0) return;
      ebb::set_idle_budget(ebb::unlimited);
      ebb::set_idle_budget(to);
    }
  };
  {
    ebb::object_pool<setter> pool;
    auto h = pool.get();
    h->to = 64 * kib;
    h.reset();
  }
  expect_balance("a total that was set in a destructor of a pool that dies");
  EXPECT_EQ(ebb::idle_budget(), 64 * kib);
}

TEST_F(ProcessBudget, sizes_that_grow_and_shrink_keep_the_balance_and_the_bound) {
  ebb::test::ledger book;
  ebb::set_idle_budget(64 * kib);
  ebb::object_pool<ebb::test::entry> pool{{.make = ebb::test::make_entry(book),
                                           .bytes = [](const ebb::test::entry& e) { return e.bytes; },
                                           .on_evict = ebb::test::announce}};
  pool_of_kib other;
  for (const std::size_t bytes : {100u, 1000u, 10'000u, 50'000u, 70'000u, 100u, 7u, 20'000u, 1u}) {
    std::vector<ebb::pooled<ebb::test::entry>> out(40);
    pool.get_n(out);
    for (auto& h : out) h->bytes = bytes;
    out.clear();
    burst(other, 40);
    EXPECT_LE(idle_bytes(pool, other), 64 * kib) << bytes;
    expect_balance("objects of " + std::to_string(bytes));
    ebb::collect();
    EXPECT_LE(idle_bytes(pool, other), 64 * kib) << bytes;
    expect_balance("a cycle");
  }
  book.expect_counted_as(pool.stats());
}

TEST_F(ProcessBudget, draining_gives_back_what_was_drained_at_the_next_cycle) {
  ebb::set_idle_budget(100 * kib);
  pool_of_kib a;
  pool_of_kib b;
  burst(a, 100);
  EXPECT_GE(a.drain(), 95u);
  expect_balance("drain()");
  ebb::collect();
  burst(b, 100);
  EXPECT_GE(b.stats().idle, 95u);
  expect_balance("a cycle");
}

TEST_F(ProcessBudget, any_order_of_operations_keeps_the_balance) {
  ebb::test::dice d(6);
  std::vector<std::unique_ptr<pool_of_kib>> pools;
  for (int i = 0; i < 3000 / ebb::test::slowdown; ++i) {
    switch (d.roll(12)) {
      case 0: ebb::set_idle_budget(d.roll(300) * kib + d.roll(1000)); break;
      case 1: ebb::set_idle_budget(d.roll(4) == 0 ? ebb::unlimited : 100 * kib); break;
      case 2: pools.push_back(std::make_unique<pool_of_kib>()); break;
      case 3:
        if (!pools.empty()) pools.erase(pools.begin() + d.roll(static_cast<std::uint32_t>(pools.size())));
        break;
      case 4: ebb::collect(); break;
      case 5: ebb::detail::fence_plan = d.roll(8); break;
      default:
        if (pools.empty()) break;
        pool_of_kib& p = *pools[d.roll(static_cast<std::uint32_t>(pools.size()))];
        if (d.roll(20) == 0) (void)p.drain();
        if (d.roll(20) == 0) p.set_max_idle(d.roll(100));
        burst(p, d.roll(100) + 1);
    }
    if (ebb::idle_budget() != ebb::unlimited && ebb::detail::fence_plan == 0) {
      std::uint64_t sum = 0;
      for (const auto& p : pools) sum += p->stats().idle_bytes;
      // A fence that was refused when it was lowered leaves what is loaded.
      ASSERT_LE(sum, ebb::idle_budget() + pools.size() * ebb::detail::max_capacity * kib) << i;
    }
    ASSERT_EQ(registry::process_budget_error(), 0) << "step " << i;
  }
}

}  // namespace
