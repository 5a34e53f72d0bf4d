// Bounded pools among all_pools().
#include <ebb/pools.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <ebb/keyed_resource_pool.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/resource_pool.hpp>
#include <support/burst.hpp>
#include <support/child.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>

namespace {

using ebb::all_pools;
using ebb::pool_info;
using ebb::resource_pool;
using ebb::test::burst;
using ebb::test::connect_to;
using ebb::test::link;
using ebb::test::peer;

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const pool_info& p : all_pools()) all.push_back(p.name);
  return all;
}

using texts = std::vector<std::string>;

// Other tests of the program leave no pool behind.
TEST(AllPoolsBounded, are_listed_from_their_construction_on_in_one_order_with_the_others) {
  peer p;
  ASSERT_EQ(names(), texts{});
  ebb::object_pool<int> second{{.name = "second"}};
  ebb::object_pool<int> fourth{{.name = "fourth"}};
  const resource_pool<link> first{{.make = connect_to(p), .capacity = 1, .name = "first"}};
  EXPECT_EQ(names(), texts{"first"});
  burst(second, 1);
  const resource_pool<link> third{{.make = connect_to(p), .capacity = 1, .name = "third"}};
  burst(fourth, 1);
  EXPECT_EQ(names(), (texts{"first", "second", "third", "fourth"}));
  const auto all = all_pools();
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].id, all[i].id);
  EXPECT_EQ(all_pools()[2].id, all[2].id) << "an id is for life";
  EXPECT_EQ(p.opened, 0) << "who looks opens nothing";
}

TEST(AllPoolsBounded, who_dies_is_gone_with_its_last_lease) {
  peer p;
  using options = ebb::resource_pool_options<link>;
  auto a =
      std::make_unique<resource_pool<link>>(options{.make = connect_to(p), .capacity = 1, .name = "a"});
  auto b =
      std::make_unique<resource_pool<link>>(options{.make = connect_to(p), .capacity = 1, .name = "b"});
  auto lease = a->acquire();
  a.reset();
  EXPECT_EQ(names(), (texts{"a", "b"}));
  EXPECT_EQ(all_pools()[0].in_use(), 1u);
  lease.reset();
  EXPECT_EQ(names(), texts{"b"});
  b.reset();
  EXPECT_EQ(names(), texts{});
}

TEST(AllPoolsBounded, have_the_numbers_of_their_stats_and_the_others_have_none) {
  peer p;
  resource_pool<link> bounded{{.make = connect_to(p), .capacity = 7, .name = "bounded"}};
  ebb::object_pool<int> other{{.name = "other"}};
  burst(other, 5);
  auto x = bounded.acquire();
  auto y = bounded.acquire();
  auto z = bounded.acquire();
  z.reset();
  bounded.acquire().discard();
  const auto all = all_pools();
  ASSERT_EQ(all.size(), 2u);
  ASSERT_TRUE(all[0].bounded.has_value());
  EXPECT_EQ(all[0].bounded->capacity, 7u);
  EXPECT_EQ(all[0].bounded->in_use, 2u);
  EXPECT_EQ(all[0].bounded->opened, 3u);
  EXPECT_EQ(all[0].bounded->acquired, 4u);
  EXPECT_EQ(ebb::test::closed_for(*all[0].bounded, ebb::close_reason::broken), 1u);
  EXPECT_EQ(all[0].made(), 3u);
  EXPECT_EQ(all[0].in_use(), 2u);
  EXPECT_EQ(all[0].idle(), 0u);
  EXPECT_EQ(all[0].stats.made, 0u);
  EXPECT_FALSE(all[1].bounded.has_value());
  EXPECT_EQ(all[1].made(), 5u);
  EXPECT_EQ(all[1].idle(), 5u);
  const auto held = other.get();
  EXPECT_EQ(all_pools()[1].in_use(), 1u);
  y.reset();
  EXPECT_EQ(all_pools()[0].idle(), 1u);
}

TEST(AllPoolsBounded, have_the_type_as_in_the_program) {
  peer p;
  const resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  EXPECT_EQ(all_pools().at(0).type, "ebb::resource_pool<ebb::test::link>");
}

TEST(AllPoolsBounded, a_keyed_one_is_one_with_the_numbers_of_all_keys) {
  peer p;
  ebb::keyed_resource_pool<int, link> pool{{.make = [&](const int&) { return std::make_unique<link>(p); },
                                            .capacity_per_key = 2,
                                            .all = {.capacity = 9, .name = "keyed"}}};
  const auto a = pool.at(1).acquire();
  const auto b = pool.at(2).acquire();
  const pool_info keyed = all_pools().at(0);
  EXPECT_EQ(keyed.name, "keyed");
  EXPECT_TRUE(keyed.type.starts_with("ebb::keyed_resource_pool<int, ebb::test::link")) << keyed.type;
  EXPECT_EQ(keyed.bounded.value().capacity, 9u);
  EXPECT_EQ(keyed.in_use(), 2u);
  EXPECT_EQ(all_pools().size(), 1u);
}

// Their functions run under no lock that the list needs.
TEST(AllPoolsBounded, may_be_asked_by_the_functions_of_a_pool) {
  peer p;
  std::size_t seen = 0;
  std::optional<resource_pool<link>> pool;
  const auto look = [&](auto&&...) { return seen += all_pools().size(), true; };
  pool.emplace(ebb::resource_pool_options<link>{
      .make = [&] { return look(), std::make_unique<link>(p); },
      .capacity = 1,
      .check = look,
      .on_return = look,
      .on_close = [&](link&, ebb::close_reason) { look(); },
  });
  pool->acquire().reset();
  pool->acquire().discard();
  pool.reset();
  EXPECT_EQ(seen, 4u) << "make, on_return, check, on_close";
}

TEST(AllPoolsBounded, may_be_asked_while_they_live_die_and_are_used) {
  peer p;
  resource_pool<link> shared{{.make = connect_to(p), .capacity = 2, .name = "shared"}};
  std::atomic<int> working{3};
  ebb::test::run_together(4, [&](int me) {
    if (me == 3) {
      while (working > 0) {
        std::uint64_t last = 0;
        for (const pool_info& i : all_pools()) {
          ASSERT_GT(i.id, last);
          last = i.id;
          ASSERT_TRUE(i.bounded.has_value());
          EXPECT_LE(i.bounded->open(), i.bounded->capacity) << i.name;
          EXPECT_TRUE(i.name == "shared" || i.name == "short lived");
        }
        EXPECT_GT(last, 0u);
      }
      return;
    }
    for (int i = 0; i < 20'000 / ebb::test::slowdown; ++i) {
      ebb::lease<link> outlives;
      {
        resource_pool<link> pool{{.make = connect_to(p),
                                  .capacity = 2,
                                  .keep_at_least = i % 3 == 0 ? 1u : 0u,
                                  .name = "short lived"}};
        outlives = pool.acquire();
        if (i % 2 == 0) outlives.reset();
      }
      const auto one = shared.acquire();
    }
    --working;
  });
  EXPECT_EQ(names(), texts{"shared"});
}

TEST(AllPoolsBounded, are_listed_in_the_child_of_a_fork_also_when_other_threads_were_at_it) {
  if (ebb::test::slowdown > 1) {
    GTEST_SKIP() << "a sanitizer's own allocator may be locked in the child";
  }
  peer p;
  resource_pool<link> inherited{{.make = connect_to(p), .capacity = 3, .name = "inherited"}};
  const auto held = inherited.acquire();
  std::atomic<bool> stop{false};
  std::vector<std::thread> busy;
  busy.emplace_back([&] {
    while (!stop) (void)all_pools();
  });
  busy.emplace_back([&] {
    while (!stop) {
      resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .name = "short lived"}};
      (void)pool.acquire();
    }
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ebb::test::in_child([&] {
                peer here;
                const resource_pool<link> fresh{{.make = connect_to(here), .capacity = 1, .name = "fresh"}};
                const auto all = all_pools();
                const bool both = all.front().name == "inherited" && all.back().name == "fresh";
                return both && all.front().in_use() == 0 ? 0 : 1;
              }),
              0);
  }
  stop = true;
  for (std::thread& t : busy) t.join();
}

}  // namespace
