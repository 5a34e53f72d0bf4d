// max_idle and max_idle_bytes, also while they change: what stays, and what goes first.
#include <ebb/object_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/pool_resource.hpp>
#include <ebb/runtime_info.hpp>
#include <support/burst.hpp>
#include <support/evictions.hpp>
#include <support/one_cpu.hpp>

namespace {

using ebb::eviction_reason;
using ebb::test::announce;
using ebb::test::burst;
using ebb::test::entry;
using ebb::test::ledger;
using ebb::test::make_entry;
using ebb::test::on_one_cpu;

using handles = std::vector<ebb::pooled<entry>>;

std::size_t size_of(const entry& e) { return e.bytes; }

TEST(Budget, lowered_on_a_pool_without_a_bound_leaves_exactly_as_many_at_any_age) {
  for (const std::size_t most : {0u, 1u, 2u, 61u, 62u, 63u, 150u, 299u}) {
    for (int aged = 0; aged < 2; ++aged) {
      ledger book;
      ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
      burst(pool, 300);
      if (aged != 0) ebb::collect();
      pool.set_max_idle(most);
      EXPECT_EQ(pool.stats().idle, most) << aged;
      EXPECT_EQ(book.calls(eviction_reason::over_budget), 300 - most) << aged;
      EXPECT_EQ(book.calls(), 300 - most);
      book.expect_counted_as(pool.stats());
      burst(pool, 300);
      EXPECT_LE(pool.stats().idle, most) << "the bound stays in force";
    }
  }
}

TEST(Budget, lowered_destroys_nothing_while_all_fits_and_raised_lets_in_more) {
  const on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .max_idle = 1000, .on_evict = announce}};
  burst(pool, 300);
  pool.set_max_idle(300);
  EXPECT_EQ(pool.stats().idle, 300u);
  EXPECT_EQ(book.calls(), 0u);
  pool.set_max_idle(100);
  EXPECT_EQ(pool.stats().idle, 100u);
  pool.set_max_idle(250);
  burst(pool, 300);
  EXPECT_LE(pool.stats().idle, 250u);
  EXPECT_GE(pool.stats().idle, 240u);
  pool.set_max_idle(ebb::unlimited);
  burst(pool, 1000);
  EXPECT_EQ(pool.stats().idle, 1000u);
  pool.set_max_idle(0);
  EXPECT_EQ(pool.stats().idle, 0u);
  pool.set_max_idle(5);
  burst(pool, 20);
  EXPECT_LE(pool.stats().idle, 5u);
  EXPECT_GE(pool.stats().idle, 4u);
}

TEST(Budget, lowering_ages_nothing) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  burst(pool, 200);
  ebb::collect();
  for (std::size_t most = 190; most >= 100; most -= 10) {
    pool.set_max_idle(most);
    ASSERT_EQ(pool.stats().idle, most) << "only what is over goes";
  }
  pool.set_max_idle(100);
  EXPECT_EQ(book.calls(eviction_reason::aged), 0u);
  ebb::collect();
  EXPECT_EQ(book.calls(eviction_reason::aged), 100u) << "and not earlier";
}

TEST(Budget, the_coldest_go_first_when_it_is_lowered) {
  const on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  handles out(300);
  pool.get_n(out);  // ids 0 .. 299
  const auto put_some = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) out[i].reset();
  };
  put_some(0, 100);
  ebb::collect();  // the first 100 are a cycle old
  put_some(100, 300);
  std::size_t done = 0;
  const auto lower_to = [&](std::size_t most) {
    pool.set_max_idle(most);
    ASSERT_EQ(pool.stats().idle, most);
    const auto gone = book.evicted(eviction_reason::over_budget);
    ASSERT_EQ(gone.size(), 300 - most);
    // Handed to the depot in the order of their ids, by one shard: so exactly the oldest, as far as it is
    // known. What is old is known by magazine.
    for (; done < gone.size(); ++done) {
      if (done < 100) {
        EXPECT_LT(gone[done], 100u) << "all that were a cycle old, before any other";
      }
    }
    const std::set<std::size_t> ids(gone.begin(), gone.end());
    EXPECT_EQ(ids.size(), gone.size());
    EXPECT_EQ(*ids.rbegin(), ids.size() - 1) << "the oldest, and no others";
  };
  for (const std::size_t most : {299u, 260u, 201u, 200u, 199u, 150u, 77u, 3u, 1u, 0u}) lower_to(most);
}

TEST(Budget, a_put_that_finds_no_room_makes_some_of_what_nobody_has_used_since_the_last_cycle) {
  const on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .max_idle = 200, .on_evict = announce}};
  handles old(200);
  pool.get_n(old);
  pool.put_n(old);
  ASSERT_EQ(pool.stats().idle, 200u);
  ebb::collect();
  for (int i = 0; i < 200; ++i) pool.put(std::make_unique<entry>(book));
  EXPECT_GE(pool.stats().idle, 138u) << "room of the loaded magazine counts";
  for (const std::size_t id : book.evicted(eviction_reason::over_budget)) EXPECT_LT(id, 200u);
  EXPECT_EQ(book.calls(), book.calls(eviction_reason::over_budget));
  // Nothing is old any more: now what is put is destroyed itself.
  while (book.evicted(eviction_reason::over_budget).back() < 200) pool.put(std::make_unique<entry>(book));
  EXPECT_EQ(book.evicted(eviction_reason::over_budget).back(), book.born_so_far() - 1);
  EXPECT_EQ(pool.stats().idle, 200u);
}

TEST(Budget, of_a_magazine_the_oldest_objects_go_first) {
  const on_one_cpu here;
  ledger book;
  const std::size_t all = std::max<std::size_t>(200, 16 * ebb::runtime_info().shards);
  ebb::object_pool<entry> pool{{.make = make_entry(book), .max_idle = all, .on_evict = announce}};
  handles old(all);
  pool.get_n(old);
  pool.put_n(old);  // in magazines of several, in the order of their ids
  ebb::collect();
  for (int i = 0; i < 30; ++i) pool.put(std::make_unique<entry>(book));
  const auto gone = book.evicted(eviction_reason::over_budget);
  ASSERT_GE(gone.size(), 30u);
  const auto older_first = [](std::size_t a, std::size_t b) { return b == a + 1; };
  EXPECT_NE(std::adjacent_find(gone.begin(), gone.end(), older_first), gone.end());
}

TEST(Budget, bytes_bound_as_many_as_fit_and_none_that_does_not) {
  const on_one_cpu here;
  for (const std::size_t each : {1u, 7u, 64u, 1000u}) {
    for (const std::size_t most : {0u, 1u, 63u, 64u, 6400u, 100'000u}) {
      ledger book;
      ebb::object_pool<entry> pool{
          {.make = make_entry(book), .max_idle_bytes = most, .bytes = size_of, .on_evict = announce}};
      handles out(300);
      pool.get_n(out);
      for (auto& h : out) h->bytes = each;
      out.clear();
      const std::uint64_t idle = pool.stats().idle;
      EXPECT_LE(idle * each, most) << each;
      // Rounded up by an eighth at most; and up to half may be room that is set aside.
      EXPECT_GE(idle * 2 + 2, std::min<std::uint64_t>(300, most / (each + each / 8))) << each;
      if (each > most) {
        EXPECT_EQ(book.calls(eviction_reason::over_budget), 300u);
      }
    }
  }
}

TEST(Budget, without_a_size_function_objects_count_as_their_type) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  burst(pool, 100);
  EXPECT_EQ(pool.stats().idle_bytes, 100 * sizeof(entry));
  pool.set_max_idle_bytes(10 * sizeof(entry) + sizeof(entry) - 1);
  EXPECT_EQ(pool.stats().idle, 10u);
  EXPECT_EQ(pool.stats().idle_bytes, 10 * sizeof(entry));
  pool.set_max_idle_bytes(sizeof(entry) - 1);
  EXPECT_EQ(pool.stats().idle, 0u) << "smaller than one object";
  burst(pool, 10);
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST(Budget, a_larger_object_makes_all_count_for_as_much_before_it_is_kept) {
  const on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{
      {.make = make_entry(book), .max_idle_bytes = 8000, .bytes = size_of, .on_evict = announce}};
  handles out(100);
  pool.get_n(out);
  for (auto& h : out) h->bytes = 64;
  auto large = std::move(out.back());
  out.pop_back();
  out.clear();
  EXPECT_GE(pool.stats().idle, 90u);
  EXPECT_EQ(pool.stats().idle_bytes, pool.stats().idle * 64);
  ebb::collect();  // so that it need not make room for those itself
  large->bytes = 1024;
  large.reset();
  EXPECT_EQ(pool.stats().idle, 7u) << "of 1024 bytes each, the new one among them, in 8000";
  EXPECT_LE(pool.stats().idle_bytes, 8000u);
  std::size_t largest = 0;
  for (auto h = pool.try_get(); h; h = pool.try_get()) {
    largest = std::max(largest, h->bytes);
    (void)std::move(h).detach();
  }
  EXPECT_EQ(largest, 1024u);
}

TEST(Budget, a_size_that_is_no_longer_seen_counts_for_two_cycles_and_not_for_more) {
  const on_one_cpu here;
  for (const std::size_t most : {std::size_t{64'000}, ebb::unlimited}) {
    ledger book;
    ebb::object_pool<entry> pool{
        {.make = make_entry(book), .max_idle_bytes = most, .bytes = size_of, .on_evict = announce}};
    const auto put_one_of = [&](std::size_t bytes) {
      auto h = pool.get();
      h->bytes = bytes;
    };
    const auto each = [&] { return pool.stats().idle_bytes / pool.stats().idle; };
    put_one_of(8192);
    EXPECT_EQ(each(), 8192u);
    ebb::collect();
    put_one_of(16);
    EXPECT_EQ(each(), 8192u) << "a larger one may still be there";
    ebb::collect();
    put_one_of(16);
    EXPECT_EQ(each(), 16u) << "none can";
    ebb::collect();
    EXPECT_EQ(each(), 16u);
    put_one_of(4096);
    EXPECT_EQ(each(), 4096u) << "at once";
  }
}

TEST(Budget, sizes_are_rounded_up_by_at_most_an_eighth_and_never_beyond_the_bound) {
  for (const std::size_t bytes : {1u, 7u, 8u, 9u, 63u, 64u, 65u, 100u, 1000u, 4097u, 99'999u, 100'000u}) {
    ledger book;
    ebb::object_pool<entry> pool{
        {.make = make_entry(book), .max_idle_bytes = 100'000, .bytes = size_of, .on_evict = announce}};
    auto h = pool.get();
    h->bytes = bytes;
    h.reset();
    ASSERT_EQ(pool.stats().idle, 1u) << bytes;
    EXPECT_GE(pool.stats().idle_bytes, bytes);
    EXPECT_LE(pool.stats().idle_bytes, bytes + bytes / 8) << bytes;
    EXPECT_LE(pool.stats().idle_bytes, 100'000u);
  }
}

TEST(Budget, what_is_kept_for_long_counts_with_its_size_for_as_long) {
  const on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .max_idle_bytes = 10'000,
                                .bytes = size_of,
                                .keep_at_least = 2,
                                .on_evict = announce}};
  auto h = pool.get();
  h->bytes = 4096;
  h.reset();
  for (int i = 0; i < 6; ++i) {
    ebb::collect();
    pool.put(std::make_unique<entry>(book));  // a small one comes and goes
    auto small = pool.try_get();
    ASSERT_EQ(small->bytes, 1u);
    (void)std::move(small).detach();
  }
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.stats().idle_bytes, 4096u);
  for (int i = 0; i < 5; ++i) pool.put(std::make_unique<entry>(book));
  EXPECT_LE(pool.stats().idle, 2u) << "it is still one of 4096";
}

TEST(Budget, both_bounds_hold_and_the_tighter_one_decides) {
  const on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .max_idle = 50,
                                .max_idle_bytes = 6400,
                                .bytes = [](const entry&) { return std::size_t{64}; },
                                .on_evict = announce}};
  burst(pool, 300);
  EXPECT_LE(pool.stats().idle, 50u);
  EXPECT_GE(pool.stats().idle, 40u);
  pool.set_max_idle(ebb::unlimited);
  burst(pool, 300);
  EXPECT_LE(pool.stats().idle, 100u);
  EXPECT_GE(pool.stats().idle, 80u);
  pool.set_max_idle_bytes(640);
  EXPECT_EQ(pool.stats().idle, 10u);
}

TEST(Budget, a_bound_that_is_lowered_is_not_set_aside_by_one_shard_alone) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  for (int i = 0; i < 20; ++i) burst(pool, 300);  // the shards of this thread have learned a large capacity
  pool.set_max_idle(16);
  ebb::test::run_together(1, [&](int) {
    ebb::test::run_on_cpu(0);
    pool.put(std::make_unique<entry>(book));
  });
  ebb::test::run_together(1, [&](int) {
    ebb::test::run_on_cpu(1);
    pool.drain();
    pool.put(std::make_unique<entry>(book));
    EXPECT_EQ(pool.stats().idle, 1u);
  });
  for (int cpu = 0; cpu < 2; ++cpu) {
    ebb::test::run_together(1, [&](int) {
      ebb::test::run_on_cpu(cpu);
      pool.put(std::make_unique<entry>(book));
      pool.put(std::make_unique<entry>(book));
    });
  }
  EXPECT_EQ(pool.stats().idle, 5u);
}

TEST(Budget, of_a_buffer_pool_changes_over_all_its_tiers) {
  ebb::buffer_pool pool{{.min_bytes = 1024, .max_bytes = 8192}};
  const auto fill = [&] {
    std::vector<ebb::pooled_buffer> out;
    for (int i = 0; i < 64; ++i) {
      for (const std::size_t bytes : {1024u, 2048u, 4096u, 8192u}) out.push_back(pool.get(bytes));
    }
  };
  const auto idle_bytes = [&] { return pool.stats().idle_bytes; };
  fill();
  EXPECT_EQ(idle_bytes(), 64u * 15 * 1024);
  ebb::collect();
  pool.set_max_idle_bytes(64 * 15 * 1024);
  EXPECT_EQ(idle_bytes(), 64u * 15 * 1024) << "all fits";
  for (const std::size_t kib : {900u, 700u, 333u, 100u, 8u, 7u, 1u}) {
    pool.set_max_idle_bytes(kib * 1024);
    EXPECT_LE(idle_bytes(), kib * 1024);
    EXPECT_GT(idle_bytes() + 8192 + 1024, kib * 1024) << "and no more than needed";
  }
  pool.set_max_idle_bytes(0);
  EXPECT_EQ(pool.stats().idle, 0u);
  fill();
  EXPECT_EQ(pool.stats().idle, 0u);
  pool.set_max_idle_bytes(ebb::unlimited);
  fill();
  EXPECT_EQ(pool.stats().idle, 256u);
  EXPECT_EQ(pool.drain(), 256u);
}

TEST(Budget, of_a_buffer_pool_takes_what_is_a_cycle_old_in_any_tier_before_what_is_young) {
  ebb::buffer_pool pool{{.min_bytes = 1024, .max_bytes = 4096}};
  const auto put_of = [&](std::size_t bytes, int n) {
    std::vector<ebb::pooled_buffer> out;
    for (int i = 0; i < n; ++i) out.push_back(pool.get(bytes));
  };
  for (const std::size_t old : {1024u, 2048u, 4096u}) {
    pool.set_max_idle_bytes(ebb::unlimited);
    (void)pool.drain();
    put_of(old, 40);
    ebb::collect();
    for (const std::size_t young : {1024u, 2048u, 4096u}) {
      if (young != old) put_of(young, 40);
    }
    pool.set_max_idle_bytes(40 * (7 * 1024 - old));
    for (std::size_t i = 0; i < pool.tier_count(); ++i) {
      EXPECT_EQ(pool.tier_stats(i).idle, pool.tier_bytes(i) == old ? 0u : 40u)
          << "old were those of " << old;
    }
  }
}

TEST(Budget, of_a_memory_resource_changes_over_all_size_classes) {
  const on_one_cpu here;
  ebb::pool_resource pool;
  const auto fill = [&] {
    std::vector<void*> out;
    for (int i = 0; i < 50; ++i) {
      for (const std::size_t bytes : {64u, 512u, 4096u}) out.push_back(pool.allocate(bytes));
    }
    std::size_t n = 0;
    for (int i = 0; i < 50; ++i) {
      for (const std::size_t bytes : {64u, 512u, 4096u}) pool.deallocate(out[n++], bytes);
    }
  };
  fill();
  const std::size_t all = pool.stats().idle_bytes;
  EXPECT_GE(all, 50u * 4672);
  for (std::size_t most = all; most > 5000; most /= 2) {
    pool.set_max_idle_bytes(most);
    EXPECT_LE(pool.stats().idle_bytes, most);
    EXPECT_GT(pool.stats().idle_bytes + 8192, most);
    fill();
    EXPECT_LE(pool.stats().idle_bytes, most);
  }
  pool.set_max_idle_bytes(0);
  EXPECT_EQ(pool.stats().idle, 0u);
  pool.set_max_idle_bytes(ebb::unlimited);
  fill();
  EXPECT_EQ(pool.stats().idle, 150u);
}

TEST(Budget, of_a_calibrated_pool_counts_the_capacity_of_its_buffers) {
  const on_one_cpu here;
  ebb::calibrated_buffer_pool pool{{.max_idle_bytes = 100'000}};
  const auto put_of = [&](std::size_t bytes, int n) {
    std::vector<ebb::pooled_buffer> out;
    for (int i = 0; i < n; ++i) {
      out.push_back(pool.get());
      out.back().resize(bytes);
    }
  };
  put_of(1000, 300);
  EXPECT_LE(pool.stats().idle * 1000, 100'000u);
  EXPECT_GE(pool.stats().idle, 40u);
  put_of(10'000, 20);
  EXPECT_LE(pool.stats().idle, 10u) << "each of them may be one of 10,000";
  EXPECT_GE(pool.stats().idle, 4u);
  pool.set_max_idle_bytes(30'000);
  EXPECT_LE(pool.stats().idle, 3u);
  pool.set_max_idle_bytes(9'999);
  EXPECT_EQ(pool.stats().idle, 0u);
  put_of(10'000, 1);
  EXPECT_EQ(pool.stats().idle, 0u) << "larger than all that may stay";
  pool.set_max_idle_bytes(ebb::unlimited);
  pool.set_max_idle(3);
  put_of(100, 10);
  EXPECT_LE(pool.stats().idle, 3u);
  EXPECT_LE(pool.drain(), 3u);
}

}  // namespace
