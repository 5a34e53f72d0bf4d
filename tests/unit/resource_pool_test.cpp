#include <ebb/resource_pool.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <support/resources.hpp>

namespace {

using ebb::close_reason;
using ebb::lease;
using ebb::pool_errc;
using ebb::resource_pool;
using ebb::resource_stats;
using ebb::test::closed_for;
using ebb::test::connect_to;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::ping;
using namespace std::chrono_literals;

TEST(ResourcePool, opens_up_to_its_capacity_and_hands_out_what_came_back_last) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 3}};
  EXPECT_EQ(p.opened, 0) << "nothing before somebody needs it";
  {
    auto a = pool.acquire();
    auto b = pool.acquire();
    auto c = pool.acquire();
    EXPECT_EQ(p.open, 3);
    EXPECT_FALSE(pool.try_acquire());
    const resource_stats s = pool.stats();
    EXPECT_EQ(s.in_use, 3u);
    EXPECT_EQ(s.open(), 3u);
    EXPECT_EQ(s.refused, 1u);
    b.reset();
    EXPECT_EQ(pool.acquire()->id, 2);
    a.reset();
  }
  EXPECT_EQ(pool.stats().idle, 3u);
  EXPECT_EQ(p.opened, 3);
  EXPECT_EQ(pool.acquire()->id, 3) << "c was the last to come back";
}

TEST(ResourcePool, in_the_other_order_all_are_used_alike) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 3, .order = ebb::idle_order::oldest_first}};
  EXPECT_EQ(pool.prewarm(3), 3u);
  for (int round = 0; round < 3; ++round) {
    for (int id = 1; id <= 3; ++id) EXPECT_EQ(pool.acquire()->id, id);
  }
}

TEST(ResourcePool, options_are_checked_and_errors_say_what_is_valid) {
  const auto error_of = [](ebb::resource_pool_options<int> o) -> std::string {
    try {
      const resource_pool<int> pool(std::move(o));
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_EQ(error_of({.capacity = 0, .name = "n"}),
            "ebb::resource_pool \"n\": options.capacity is 0; valid are 1 to 1,000,000");
  EXPECT_NE(error_of({.capacity = 1'000'001}).find("1000001"), std::string::npos);
  EXPECT_NE(error_of({.capacity = 1, .max_opening = 0}).find("max_opening is 0"), std::string::npos);
  EXPECT_NE(
      error_of({.capacity = 3, .keep_at_least = 4}).find("keep_at_least is 4; valid are 0 to capacity"),
      std::string::npos);
  EXPECT_NE(error_of({.capacity = 1, .idle_timeout = -1ms}).find("idle_timeout is -1 ms"),
            std::string::npos);
  // More than there are nanoseconds.
  EXPECT_NE(error_of({.capacity = 1, .idle_timeout = 18'446'744'073'710ms}).find("is 18446744073710 ms"),
            std::string::npos);
  EXPECT_NE(error_of({.capacity = 1, .retry_first = 2s, .retry_most = 1s}).find("retry_most"),
            std::string::npos);
  EXPECT_EQ(error_of({.capacity = 1'000'000, .max_lifetime = 24h * 365}), "none");
}

TEST(ResourcePool, what_make_throws_reaches_the_caller_and_its_place_is_free_at_once) {
  peer p;
  p.refuses = 2;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  EXPECT_THROW((void)pool.acquire(), ebb::test::refused_by_peer);
  EXPECT_THROW((void)pool.try_acquire(), ebb::test::refused_by_peer);
  EXPECT_EQ(pool.stats().open(), 0u);
  EXPECT_EQ(pool.stats().failed_to_open, 2u);
  EXPECT_EQ(pool.acquire()->id, 1);
}

TEST(ResourcePool, a_factory_that_returns_null_is_an_error_and_no_lost_place) {  // commons-pool POOL-407
  int calls = 0;
  resource_pool<int> pool{{.make = [&] { return ++calls < 3 ? nullptr : std::make_unique<int>(calls); },
                           .capacity = 1,
                           .name = "numbers"}};
  for (int i = 0; i < 2; ++i) {
    try {
      (void)pool.acquire();
      FAIL();
    } catch (const std::logic_error& e) {
      EXPECT_STREQ(e.what(), "ebb::resource_pool \"numbers\": options.make returned null");
    }
  }
  EXPECT_EQ(*pool.acquire(), 3);
}

TEST(ResourcePool, what_is_discarded_is_closed_and_what_is_detached_is_the_callers) {
  peer p;
  std::vector<close_reason> reasons;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .on_close = [&](link&, close_reason why) {
                              reasons.push_back(why);
                            }}};
  auto broken = pool.acquire();
  broken.discard();
  EXPECT_FALSE(broken);
  EXPECT_EQ(p.open, 0);
  std::unique_ptr<link> mine = pool.acquire().detach();
  EXPECT_EQ(mine->id, 2);
  EXPECT_EQ(pool.stats().detached, 1u);
  EXPECT_EQ(pool.acquire()->id, 3) << "its place is free";
  EXPECT_EQ(p.open, 2);
  EXPECT_EQ(reasons, std::vector{close_reason::broken});
  broken.discard();  // empty ones do nothing
  EXPECT_EQ(std::move(broken).detach(), nullptr);
}

TEST(ResourcePool, what_the_check_finds_broken_is_replaced_in_its_place) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 3, .check = ping}};
  pool.prewarm(3);
  {
    auto a = pool.acquire();
    auto b = pool.acquire();
    auto c = pool.acquire();
    a->works = b->works = c->works = false;
  }
  auto d = pool.acquire();
  EXPECT_EQ(d->id, 4) << "all three were tried first";
  EXPECT_EQ(p.open, 1);
  EXPECT_EQ(p.most, 3);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::broken), 3u);
}

TEST(ResourcePool, on_return_resets_or_closes) {
  peer p;
  int returns = 0;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .on_return = [&](link& l) {
                              if (++returns == 3) throw std::runtime_error("no");
                              return l.id != 1;
                            }}};
  pool.acquire().reset();
  EXPECT_EQ(pool.acquire()->id, 2) << "the first was refused";
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.acquire()->id, 2) << "and this return throws";
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(p.open, 0);
}

TEST(ResourcePool, reset_retires_what_is_idle_now_and_what_is_out_when_it_comes_back) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 3}};
  auto out = pool.acquire();
  pool.prewarm(3);
  pool.reset();
  EXPECT_EQ(p.open, 1);
  EXPECT_EQ(pool.acquire()->id, 4) << "a new one";
  out.reset();
  EXPECT_EQ(p.open, 1);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::reset), 3u);
  EXPECT_EQ(pool.acquire()->id, 4);
}

TEST(ResourcePool, a_smaller_capacity_closes_idle_ones_at_once_and_others_when_they_come_back) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 5}};
  std::vector<lease<link>> out;
  for (int i = 0; i < 3; ++i) out.push_back(pool.acquire());
  pool.prewarm(5);
  pool.set_capacity(2);
  EXPECT_EQ(p.open, 3);
  out.pop_back();
  EXPECT_EQ(p.open, 2);
  EXPECT_FALSE(pool.try_acquire());
  pool.set_capacity(0);
  out.clear();
  EXPECT_EQ(p.open, 0);
  EXPECT_FALSE(pool.try_acquire());
  EXPECT_EQ(closed_for(pool.stats(), close_reason::surplus), 5u);
  pool.set_capacity(1);
  EXPECT_TRUE(pool.try_acquire());
  EXPECT_THROW(pool.set_capacity(1'000'001), std::invalid_argument);
  EXPECT_EQ(pool.stats().capacity, 1u);
}

TEST(ResourcePool, a_closed_pool_says_so_and_may_be_closed_again) {
  peer p;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2, .name = "orders"}};
  auto out = pool.acquire();
  pool.prewarm(2);
  EXPECT_FALSE(pool.close()) << "one is out";
  EXPECT_EQ(p.open, 1);
  std::error_code why;
  EXPECT_FALSE(pool.acquire(why));
  EXPECT_EQ(why, pool_errc::closed);
  EXPECT_FALSE(pool.try_acquire(why));
  EXPECT_EQ(why, pool_errc::closed);
  try {
    (void)pool.acquire_for(1h);
    FAIL();
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), pool_errc::closed);
    EXPECT_STREQ(e.what(), "ebb::resource_pool \"orders\": the pool is closed");
  }
  EXPECT_EQ(pool.prewarm(2), 0u);
  out.reset();
  EXPECT_EQ(p.open, 0);
  EXPECT_TRUE(pool.close());
  EXPECT_EQ(closed_for(pool.stats(), close_reason::closed), 2u);
}

TEST(ResourcePool, leases_outlive_their_pool) {
  peer p;
  bool reset = false;
  lease<link> out;
  std::unique_ptr<link> detached;
  {
    resource_pool<link> pool{
        {.make = connect_to(p), .capacity = 3, .on_return = [&](link&) { return reset = true; }}};
    out = pool.acquire();
    auto other = pool.acquire();
    pool.acquire().reset();
    EXPECT_EQ(p.open, 3);
    lease<link> moved = std::move(other);
    detached = std::move(moved).detach();
    reset = false;
  }
  EXPECT_EQ(p.open, 2);
  EXPECT_EQ(out->id, 1);
  out.reset();
  EXPECT_TRUE(reset) << "its options live as long";
  EXPECT_EQ(p.open, 1);
}

TEST(ResourcePool, a_resource_may_use_its_pool_while_it_is_made_checked_returned_and_closed) {
  peer p;
  std::optional<resource_pool<link>> pool;
  int depth = 0;
  const auto use_pool = [&] {
    if (depth != 0) return true;
    ++depth;
    (void)pool->stats();
    EXPECT_TRUE(pool->try_acquire());
    --depth;
    return true;
  };
  pool.emplace(ebb::resource_pool_options<link>{.make =
                                                    [&] {
                                                      use_pool();
                                                      return std::make_unique<link>(p);
                                                    },
                                                .capacity = 4,
                                                .check = [&](link&) { return use_pool(); },
                                                .on_return = [&](link&) { return use_pool(); },
                                                .on_close = [&](link&, close_reason) { use_pool(); }});
  pool->acquire().reset();
  pool->acquire().discard();
  EXPECT_LE(p.most, 4);
  depth = 1;  // a closed pool hands out nothing
  pool->close();
  EXPECT_EQ(p.open, 0);
}

TEST(ResourcePool, waits_are_counted_by_their_length) {
  using h = ebb::wait_histogram;
  EXPECT_EQ(h::bucket_of(-1ns), 0u);
  EXPECT_EQ(h::bucket_of(999ns), 0u);
  EXPECT_EQ(h::bucket_of(1us), 1u);
  EXPECT_EQ(h::bucket_of(2us), 2u);
  EXPECT_EQ(h::bucket_of(1023us), 10u);
  EXPECT_EQ(h::bucket_of(1024us), 11u);
  EXPECT_EQ(h::bucket_of(67s), h::buckets - 2);
  EXPECT_EQ(h::bucket_of(24h), h::buckets - 1);
}

TEST(ResourcePool, errors_are_of_a_category_of_their_own) {
  const std::error_code e = pool_errc::timed_out;
  EXPECT_STREQ(e.category().name(), "ebb::resource_pool");
  for (int i = 1; i <= 5; ++i) EXPECT_FALSE(ebb::pool_category().message(i).starts_with("unknown"));
  EXPECT_EQ(ebb::pool_category().message(6), "unknown error 6");
}

}  // namespace
