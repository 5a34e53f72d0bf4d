#include <ebb/eviction.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>
#include <support/burst.hpp>
#include <support/evictions.hpp>
#include <support/one_cpu.hpp>

namespace {

using ebb::eviction_reason;
using ebb::test::announce;
using ebb::test::burst_one_by_one;
using ebb::test::entry;
using ebb::test::ledger;
using ebb::test::make_entry;

void expect_conserved(const ebb::object_pool<entry>& pool, std::size_t in_use) {
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made, s.idle + s.destroyed() + s.detached + in_use);
  EXPECT_EQ(s.in_use(), in_use);
}

TEST(Eviction, every_reason_has_a_name_of_its_own) {
  const char* const names[ebb::eviction_reasons] = {"aged",     "over_budget", "pressure", "drained",
                                                    "rejected", "no_memory",   "closed",   "at_random"};
  for (std::size_t r = 0; r < ebb::eviction_reasons; ++r) {
    EXPECT_STREQ(ebb::to_string(static_cast<eviction_reason>(r)), names[r]);
  }
  EXPECT_STREQ(ebb::to_string(static_cast<eviction_reason>(ebb::eviction_reasons)), "unknown");
}

TEST(Eviction, an_object_that_nobody_uses_for_two_cycles_is_announced_as_aged_by_the_second) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  burst_one_by_one(pool, 100);
  EXPECT_EQ(book.calls(), 0u);
  ebb::collect();
  EXPECT_EQ(book.calls(), 0u);
  expect_conserved(pool, 0);
  ebb::collect();
  EXPECT_EQ(book.calls(eviction_reason::aged), 100u);
  EXPECT_EQ(book.calls(), 100u);
  book.expect_counted_as(pool.stats());
  expect_conserved(pool, 0);
  EXPECT_TRUE(book.unannounced().empty());
}

TEST(Eviction, draining_announces_all_that_is_idle_whatever_its_age_and_nothing_in_use) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  burst_one_by_one(pool, 100);
  ebb::collect();
  std::vector<ebb::pooled<entry>> held(30);
  pool.get_n(held);
  std::vector<ebb::pooled<entry>> young(20);
  pool.get_n(young);
  young.clear();
  EXPECT_EQ(pool.drain(), 70u);
  EXPECT_EQ(book.calls(eviction_reason::drained), 70u);
  EXPECT_EQ(book.calls(), 70u);
  expect_conserved(pool, 30);
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.drain(), 0u) << "nothing is left";
  held.clear();
  EXPECT_EQ(pool.stats().idle, 30u) << "a drained pool works as before";
  EXPECT_EQ(pool.drain(), 30u);
  book.expect_counted_as(pool.stats());
}

TEST(Eviction, a_pool_that_nothing_was_put_into_has_nothing_to_drain) {
  ebb::object_pool<int> pool;
  EXPECT_EQ(pool.drain(), 0u);
  const auto held = pool.get();
  EXPECT_EQ(pool.drain(), 0u);
}

TEST(Eviction, what_recycle_rejects_or_throws_at_is_announced_as_rejected) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .recycle =
                                    [](entry& e) {
                                      if (e.id % 3 == 1) throw std::runtime_error("broken");
                                      return e.id % 3 != 0;
                                    },
                                .on_evict = announce}};
  burst_one_by_one(pool, 30);
  EXPECT_EQ(book.calls(eviction_reason::rejected), 20u);
  for (const std::size_t id : book.evicted(eviction_reason::rejected)) EXPECT_NE(id % 3, 2u);
  EXPECT_EQ(pool.stats().idle, 10u);
  book.expect_counted_as(pool.stats());
  expect_conserved(pool, 0);
}

TEST(Eviction, what_bytes_throws_at_is_rejected_and_what_is_larger_than_the_bound_is_over_budget) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .max_idle_bytes = 1'000'000,
                                .bytes =
                                    [](const entry& e) {
                                      if (e.id == 3) throw std::bad_alloc();
                                      return e.bytes;
                                    },
                                .on_evict = announce}};
  std::vector<ebb::pooled<entry>> held(10);
  pool.get_n(held);
  held[4]->bytes = 1'000'001;
  held[5]->bytes = 1'000'000;  // just fits, if it is alone
  held[6]->bytes = ebb::unlimited;
  for (const std::size_t i : {3u, 4u, 6u}) held[i].reset();
  EXPECT_EQ(book.evicted(eviction_reason::rejected), (std::vector<std::size_t>{3}));
  EXPECT_EQ(book.evicted(eviction_reason::over_budget), (std::vector<std::size_t>{4, 6}));
  held[5].reset();
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(book.calls(), 3u);
  book.expect_counted_as(pool.stats());
  expect_conserved(pool, 6);
}

TEST(Eviction, recycle_comes_before_bytes_and_what_it_rejects_is_not_measured) {
  ledger book;
  std::string calls;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .recycle =
                                    [&](entry& e) {
                                      calls += 'r';
                                      return e.is_good;
                                    },
                                .bytes =
                                    [&](const entry&) {
                                      calls += 'b';
                                      return std::size_t{1};
                                    },
                                .on_evict =
                                    [&](entry& e, eviction_reason why) {
                                      calls += 'e';
                                      announce(e, why);
                                    }}};
  auto first = pool.get();
  first->is_good = false;
  first.reset();
  EXPECT_EQ(calls, "re");
  pool.get().reset();
  EXPECT_EQ(calls, "rerb");
}

TEST(Eviction, objects_that_a_bound_has_no_room_for_are_announced_as_over_budget) {
  for (const bool in_bulk : {false, true}) {
    ledger book;
    ebb::object_pool<entry> pool{{.make = make_entry(book), .max_idle = 0, .on_evict = announce}};
    std::vector<ebb::pooled<entry>> out(150);
    pool.get_n(out);
    if (in_bulk)
      pool.put_n(out);
    else
      out.clear();
    EXPECT_EQ(book.calls(eviction_reason::over_budget), 150u);
    EXPECT_EQ(book.calls(), 150u);
    book.expect_counted_as(pool.stats());
    expect_conserved(pool, 0);
  }
}

TEST(Eviction, put_n_asks_recycle_and_bytes_for_each_and_announces_each_that_does_not_stay_once) {
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .recycle = [](entry& e) { return e.id % 5 != 0; },
                                .max_idle_bytes = 100'000,
                                .bytes = [](const entry& e) { return e.id % 7 == 0 ? 100'001u : 1u; },
                                .on_evict = announce}};
  std::vector<ebb::pooled<entry>> out(350);
  pool.get_n(out);
  pool.put_n(out);
  EXPECT_EQ(book.calls(eviction_reason::rejected), 70u);
  EXPECT_EQ(book.calls(eviction_reason::over_budget), 40u) << "50, and 10 of them were rejected before";
  EXPECT_EQ(pool.stats().idle, 240u);
  std::vector<std::unique_ptr<entry>> own;
  for (int i = 0; i < 35; ++i) own.push_back(std::make_unique<entry>(book));
  pool.put_n(own);
  EXPECT_EQ(book.calls(eviction_reason::rejected), 77u);
  EXPECT_EQ(book.calls(eviction_reason::over_budget), 44u);
  EXPECT_EQ(pool.stats().idle, 264u);
  book.expect_counted_as(pool.stats());
  EXPECT_TRUE(book.unannounced().empty());
}

TEST(Eviction, a_pool_that_dies_announces_what_is_idle_in_all_stations_as_closed) {
  ledger book;
  std::optional<ebb::object_pool<entry>> pool(
      std::in_place, ebb::object_pool_options<entry>{.make = make_entry(book), .on_evict = announce});
  burst_one_by_one(*pool, 100);
  ebb::collect();               // victim
  burst_one_by_one(*pool, 10);  // of the victim, loaded or parked now
  auto gone = pool->get();
  const std::size_t detached = gone->id;
  (void)std::move(gone).detach();
  EXPECT_EQ(book.unannounced(), (std::vector<std::size_t>{detached})) << "not for those that left";
  EXPECT_EQ(book.calls(), 0u);
  pool.reset();
  EXPECT_EQ(book.calls(eviction_reason::closed), 99u);
  EXPECT_EQ(book.calls(), 99u);
  EXPECT_EQ(book.unannounced().size(), 1u);
}

TEST(Eviction, hits_and_objects_in_use_are_never_announced) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = announce}};
  std::vector<ebb::pooled<entry>> held(5);
  pool.get_n(held);
  pool.get().reset();
  for (int i = 0; i < 1000; ++i) {
    auto h = pool.get();
    // Nothing is idle now.
    if (i % 100 == 0) ebb::collect();
    if (i % 300 == 0) (void)pool.drain();
  }
  for (const auto& h : held) EXPECT_EQ(h->book, &book);
  EXPECT_EQ(book.calls(), 0u);
  EXPECT_EQ(pool.drain(), 1u);
  EXPECT_EQ(book.calls(), 1u) << "the one that was idle, and none of those in use";
  book.expect_counted_as(pool.stats());
}

TEST(Eviction, the_object_is_whole_while_it_is_announced_and_dies_at_once_after_it) {
  ledger book;
  std::uint64_t dead_before = 0;
  ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = [&](entry& e, eviction_reason why) {
                                  EXPECT_EQ(e.bytes, 1u);
                                  e.bytes = 2;  // it is the callback's to write
                                  announce(e, why);
                                  EXPECT_EQ(book.dead(), dead_before) << "all before it, and not itself";
                                  ++dead_before;
                                }}};
  burst_one_by_one(pool, 10);
  (void)pool.drain();
  EXPECT_EQ(dead_before, 10u);
  EXPECT_EQ(book.dead(), 10u);
  EXPECT_TRUE(book.unannounced().empty());
}

// Each reason in turn, and from within on_evict everything that takes the library's locks.
TEST(Eviction, on_evict_runs_under_no_lock_and_may_use_any_pool_and_the_collector) {
  ledger book;
  ebb::object_pool<int> other;
  int depth = 0;
  ebb::object_pool<entry>* self = nullptr;
  const auto use_everything = [&](entry& e, eviction_reason why) {
    announce(e, why);
    if (depth != 0) return;
    ++depth;
    other.get().reset();
    { const auto again = self->try_get(); }
    (void)self->drain();
    ebb::collect();
    other.set_max_idle(100);
    self->set_max_idle(self->stats().made + 1);
    (void)ebb::all_pools();
    { ebb::object_pool<int>().get().reset(); }  // a pool that lives and dies here
    (void)ebb::drain_all();
    --depth;
  };
  {
    ebb::object_pool<entry> pool{{.make = make_entry(book),
                                  .recycle = [](entry& e) { return e.is_good; },
                                  .max_idle = 200,
                                  .on_evict = use_everything}};
    self = &pool;
    burst_one_by_one(pool, 100);
    ebb::collect();
    ebb::collect();
    EXPECT_GT(book.calls(eviction_reason::aged), 0u);
    burst_one_by_one(pool, 100);
    (void)pool.drain();
    burst_one_by_one(pool, 100);
    pool.set_max_idle(0);
    burst_one_by_one(pool, 10);
    EXPECT_GT(book.calls(eviction_reason::over_budget), 0u);
    auto bad = pool.get();
    bad->is_good = false;
    bad.reset();
    pool.set_max_idle(200);
    burst_one_by_one(pool, 100);
    book.expect_counted_as(pool.stats());
    expect_conserved(pool, 0);
  }
  EXPECT_TRUE(book.unannounced().empty());
  EXPECT_EQ(book.calls(), book.born_so_far());
}

TEST(Eviction, an_object_may_put_another_into_the_pool_while_it_is_announced) {
  ledger book;
  {
    ebb::object_pool<entry>* self = nullptr;
    int left = 50;
    ebb::object_pool<entry> pool{{.make = make_entry(book), .on_evict = [&](entry& e, eviction_reason why) {
                                    announce(e, why);
                                    if (left-- > 0) self->put(std::make_unique<entry>(book));
                                  }}};
    self = &pool;
    burst_one_by_one(pool, 20);
    for (int i = 0; i < 20; ++i) ebb::collect();
    left = 3;
    burst_one_by_one(pool, 5);
  }
  EXPECT_EQ(book.calls(eviction_reason::closed), 8u) << "five, and three that were put by them";
  EXPECT_EQ(book.calls(), book.born_so_far());
}

// Seen from within on_evict, too: what is not destroyed yet is counted, and what is held in a hand is not
// lost.
TEST(Eviction, made_equals_in_use_plus_idle_plus_destroyed_whenever_on_evict_looks) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry>* self = nullptr;
  std::size_t in_use = 0;
  std::uint64_t looks = 0;
  ebb::object_pool<entry> pool{
      {.make = make_entry(book), .max_idle = 300, .on_evict = [&](entry& e, eviction_reason why) {
         announce(e, why);
         const ebb::pool_stats s = self->stats();
         EXPECT_LE(s.in_use(), in_use) << ebb::to_string(why);
         ++looks;
       }}};
  self = &pool;
  std::vector<ebb::pooled<entry>> out(400);
  pool.get_n(out);
  in_use = 400;
  for (auto& h : out) {
    h.reset();
    --in_use;
  }
  expect_conserved(pool, 0);
  ebb::collect();
  for (int round = 0; round < 5; ++round) {
    std::vector<ebb::pooled<entry>> some(320);
    in_use = 320;
    pool.get_n(some);
    for (std::size_t i = 0; i < 320; ++i) {
      if (i == 250) ebb::collect();  // from here on some push those out that nobody uses
      some[i].reset();
      --in_use;
    }
    ebb::collect();
  }
  (void)pool.drain();  // those that die with the pool are counted no more
  EXPECT_GT(looks, 100u);
  EXPECT_GT(book.calls(eviction_reason::over_budget), 100u);
  book.expect_counted_as(pool.stats());
}

// While destructors of some run, the others can be had.
TEST(Eviction, what_is_not_evicted_of_a_magazine_is_found_by_gets_meanwhile) {
  const ebb::test::on_one_cpu here;
  ledger book;
  ebb::object_pool<entry>* self = nullptr;
  std::vector<ebb::pooled<entry>> found;
  ebb::object_pool<entry> pool{{.make = make_entry(book),
                                .max_idle = 124 * ebb::runtime_info().shards,
                                .on_evict = [&](entry& e, eviction_reason why) {
                                  announce(e, why);
                                  if (self == nullptr) return;
                                  if (auto h = self->try_get()) found.push_back(std::move(h));
                                }}};
  self = &pool;
  std::vector<ebb::pooled<entry>> out(62);  // one magazine, so that there is no other to be found
  pool.get_n(out);
  pool.put_n(out);
  pool.set_max_idle(62);
  ASSERT_EQ(pool.stats().idle, 62u);
  ebb::collect();
  pool.put(std::make_unique<entry>(book));
  // As many as the next magazine holds, each of which found another one.
  const std::uint64_t gone = book.calls(eviction_reason::over_budget);
  EXPECT_GT(gone, 0u);
  EXPECT_EQ(found.size(), gone);
  const std::uint64_t idle = pool.stats().idle;
  EXPECT_EQ(idle, 63u - 2 * gone);
  std::uint64_t left = 0;
  for (; auto h = pool.try_get(); ++left) found.push_back(std::move(h));
  EXPECT_EQ(left, idle) << "nothing is hidden until the next cycle";
  self = nullptr;  // enough
  found.clear();
}

TEST(EvictionDeath, an_exception_of_on_evict_ends_the_program) {
  EXPECT_DEATH(
      {
        ebb::object_pool<int> pool{{.on_evict = [](int&, eviction_reason) { throw 1; }}};
        pool.get().reset();
        (void)pool.drain();
      },
      "");
}

}  // namespace
