// Pools by key: two bounds, who makes room for whom, what is remembered of a key and what is forgotten.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <ebb/keyed_resource_pool.hpp>
#include <support/child.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>
#include <support/waiting.hpp>

namespace {

using ebb::close_reason;
using ebb::keyed_resource_pool;
using ebb::lease;
using ebb::pool_errc;
using ebb::resource_pool;
using ebb::test::closed_for;
using ebb::test::comes_to;
using ebb::test::fake_clock;
using ebb::test::in_child;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::waiting_thread;
using namespace std::chrono_literals;

using hosts = keyed_resource_pool<std::string, link>;
using host_options = ebb::keyed_resource_pool_options<std::string, link>;

// Connections that know where they lead to; some hosts say no.
struct network {
  peer all;
  std::string refuses;  // this host
  auto connect() {
    return [this](const std::string& host) {
      if (host == refuses) throw ebb::test::refused_by_peer();
      auto l = std::make_unique<link>(all);
      l->state = host;
      return l;
    };
  }
};

// Waits at one key.
auto waits_for(hosts& pool, const std::string& key) {
  return [source = pool.at(key)](std::error_code& why) mutable { return source.acquire(why); };
}

TEST(ResourceKeyed, each_key_has_its_own_bound_and_all_have_one_together) {
  network n;
  hosts pool{{.make = n.connect(), .capacity_per_key = 2, .all = {.capacity = 3}}};
  auto a1 = pool.at("a").acquire();
  auto a2 = pool.at("a").acquire();
  EXPECT_EQ(a1->state, "a");
  EXPECT_FALSE(pool.at("a").try_acquire()) << "two of its own";
  auto b = pool.at("b").acquire();
  EXPECT_EQ(b->state, "b");
  EXPECT_FALSE(pool.at("b").try_acquire()) << "three of all";
  EXPECT_EQ(pool.stats().in_use, 3u);
  EXPECT_EQ(pool.stats().capacity, 3u);
  a1.reset();
  EXPECT_EQ(pool.at("a").acquire()->id, 1) << "its own idle one";
}

TEST(ResourceKeyed, what_is_idle_for_longest_under_another_key_makes_room) {
  network n;
  std::vector<std::string> closed;
  hosts pool{{.make = n.connect(), .all = {.capacity = 3, .on_close = [&](link& l, close_reason why) {
                                             if (why == close_reason::evicted) closed.push_back(l.state);
                                           }}}};
  for (const auto* key : {"a", "b", "c"}) pool.at(key).acquire().reset();
  pool.at("a").acquire().reset();  // no longer the coldest
  const auto d = pool.at("d").acquire();
  EXPECT_EQ(closed, (std::vector<std::string>{"b"}));
  const auto again = pool.at("b").acquire();
  EXPECT_EQ(closed, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(again->id, 5);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::evicted), 2u);
  EXPECT_EQ(n.all.most, 3) << "closed first, then opened";
  pool.at("a").acquire().reset();
  const auto more = pool.at("d").acquire();
  EXPECT_EQ(closed.back(), "a");
  EXPECT_FALSE(pool.at("a").try_acquire());
}

TEST(ResourceKeyed, a_key_at_its_own_bound_evicts_nothing) {
  network n;
  hosts pool{{.make = n.connect(), .capacity_per_key = 1, .all = {.capacity = 2}}};
  const auto a = pool.at("a").acquire();
  pool.at("b").acquire().reset();
  EXPECT_FALSE(pool.at("a").try_acquire());
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ResourceKeyed, a_place_is_not_free_while_what_was_evicted_is_being_closed) {
  network n;
  std::atomic<bool> may_go{false};
  std::atomic<bool> is_closing{false};
  hosts pool{{.make = n.connect(), .all = {.capacity = 1, .on_close = [&](link&, close_reason) {
                                             is_closing = true;
                                             EXPECT_TRUE(
                                                 ebb::test::eventually([&] { return may_go.load(); }));
                                           }}}};
  pool.at("a").acquire().reset();
  std::thread evicts([&] { EXPECT_EQ(pool.at("b").acquire()->state, "b"); });
  ASSERT_TRUE(ebb::test::eventually([&] { return is_closing.load(); }));
  EXPECT_EQ(pool.stats().closing, 1u);
  EXPECT_EQ(pool.stats().open(), 1u);
  EXPECT_FALSE(pool.at("c").try_acquire());
  may_go = true;
  evicts.join();
  EXPECT_EQ(n.all.most, 1);
}

TEST(ResourceKeyed, who_waits_for_a_key_gets_the_place_of_what_comes_back_to_another) {
  network n;
  hosts pool{{.make = n.connect(), .all = {.capacity = 1}}};
  auto a = pool.at("a").acquire();
  waiting_thread b(pool, waits_for(pool, "b"));
  waiting_thread c(pool, waits_for(pool, "c"));
  a.reset();
  EXPECT_FALSE(pool.at("a").try_acquire()) << "its own user does not get it back before those";
  b.join();
  EXPECT_EQ(b.got->state, "b");
  EXPECT_EQ(pool.stats().waiters, 1u);
  b.got.discard();
  c.join();
  EXPECT_EQ(c.got->state, "c") << "a place that is free goes to whoever waits longest";
  EXPECT_EQ(n.all.most, 1);
}

// A key whose users stand in line all the time keeps no other from its place for more than 8 returns.
TEST(ResourceKeyed, a_busy_key_does_not_starve_another) {
  constexpr int users = 11;
  network n;
  hosts pool{{.make = n.connect(), .all = {.capacity = 1}}};
  auto held = pool.at("a").acquire();
  std::string order;
  std::mutex mutex;
  const auto user = [&](const char* key) {
    return [&, key, source = pool.at(key)](std::error_code& why) mutable {
      const auto l = source.acquire(why);
      const std::lock_guard lock(mutex);
      order += key;
      return lease<link>();
    };
  };
  std::vector<std::unique_ptr<waiting_thread>> waiters;
  waiters.push_back(std::make_unique<waiting_thread>(pool, user("b")));
  for (int i = 0; i < users; ++i) waiters.push_back(std::make_unique<waiting_thread>(pool, user("a")));
  held.reset();
  waiters.clear();
  EXPECT_EQ(order, "aaaaaaaabaaa");
}

TEST(ResourceKeyed, what_comes_back_is_not_closed_for_who_could_not_open_anything_in_its_place) {
  network n;
  fake_clock clock;
  hosts pool{{.make = n.connect(),
              .capacity_per_key = 1,
              .all = {.capacity = 2, .retry_first = 1h, .retry_most = 1h}},
             clock};
  n.refuses = "down";
  EXPECT_THROW((void)pool.at("down").acquire(), ebb::test::refused_by_peer);
  auto a = pool.at("a").acquire();
  auto b = pool.at("b").acquire();
  waiting_thread at_bound(pool, waits_for(pool, "a"));
  waiting_thread paused(pool, waits_for(pool, "down"));
  b.reset();
  EXPECT_EQ(pool.stats().idle, 1u) << "one is at its own bound, the other in its pause";
  EXPECT_EQ(pool.at("b").acquire()->id, 2);
  a.reset();
  at_bound.join();
  EXPECT_EQ(at_bound.got->id, 1);
  n.refuses.clear();
  clock.advance(1h);
  paused.join();
  EXPECT_EQ(paused.got->state, "down") << "with the pause over it takes the idle one's place";
  EXPECT_EQ(closed_for(pool.stats(), close_reason::evicted), 1u);
}

TEST(ResourceKeyed,
     who_can_open_nothing_does_not_stand_in_the_way_and_gets_no_place_however_often_it_is_passed) {
  network n;
  hosts pool{{.make = n.connect(), .capacity_per_key = 1, .all = {.capacity = 2}}};
  auto a = pool.at("a").acquire();
  auto b = pool.at("b").acquire();
  waiting_thread at_bound(pool, waits_for(pool, "a"));
  std::vector<std::unique_ptr<waiting_thread>> others;
  for (int i = 0; i < 12; ++i) {
    others.push_back(
        std::make_unique<waiting_thread>(pool, [source = pool.at("b")](std::error_code& why) mutable {
          const auto l = source.acquire(why);
          return lease<link>();
        }));
  }
  b.reset();
  others.clear();
  EXPECT_EQ(closed_for(pool.stats(), close_reason::evicted), 0u);
  b = pool.at("b").acquire();
  waiting_thread c(pool, waits_for(pool, "c"));
  b.discard();
  c.join();
  EXPECT_EQ(c.got->state, "c") << "a place for the second in the queue";
  EXPECT_EQ(pool.stats().waiters, 1u);
  a.reset();
}

TEST(ResourceKeyed, a_host_that_says_no_holds_up_only_its_own_callers) {
  network n;
  fake_clock clock;
  n.refuses = "down";
  hosts pool{{.make = n.connect(), .all = {.capacity = 4, .retry_first = 1h, .retry_most = 1h}}, clock};
  EXPECT_THROW((void)pool.at("down").acquire(), ebb::test::refused_by_peer);
  EXPECT_FALSE(pool.at("down").try_acquire()) << "it was not asked again";
  EXPECT_EQ(pool.at("up").acquire()->state, "up");
  EXPECT_EQ(pool.stats().failed_to_open, 1u);
}

TEST(ResourceKeyed, what_is_for_all_counts_for_all) {
  network n;
  hosts pool{{.make = n.connect(), .all = {.capacity = 1, .max_waiters = 1}}};
  auto a = pool.at("a").acquire();
  waiting_thread b(pool, waits_for(pool, "b"));
  std::error_code why;
  EXPECT_FALSE(pool.at("c").acquire(why));
  EXPECT_EQ(why, pool_errc::too_many_waiters);
  a.reset();
  b.join();
}

TEST(ResourceKeyed, only_so_many_are_opened_at_once_for_all_keys) {
  network n;
  std::atomic<bool> may_go{false};
  hosts pool{{.make =
                  [&](const std::string&) {
                    EXPECT_TRUE(ebb::test::eventually([&] { return may_go.load(); }));
                    return std::make_unique<link>(n.all);
                  },
              .all = {.capacity = 4, .max_opening = 1}}};
  std::thread a([&] { EXPECT_TRUE(pool.at("a").acquire()); });
  ASSERT_TRUE(comes_to(pool, &ebb::resource_stats::opening, 1));
  EXPECT_FALSE(pool.at("b").try_acquire());
  waiting_thread b(pool, waits_for(pool, "b"));
  may_go = true;
  a.join();
  b.join();
  EXPECT_TRUE(b.got);
}

TEST(ResourceKeyed, a_smaller_capacity_closes_what_is_coldest_of_all) {
  network n;
  hosts pool{{.make = n.connect(), .all = {.capacity = 4}}};
  for (const auto* key : {"a", "b", "c", "d"}) pool.at(key).acquire().reset();
  pool.at("a").acquire().reset();
  pool.set_capacity(2);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::surplus), 2u);
  EXPECT_EQ(pool.at("a").try_acquire()->id, 1);
  EXPECT_EQ(pool.at("d").try_acquire()->id, 4);
}

TEST(ResourceKeyed, reset_look_after_and_close_reach_every_key) {
  network n;
  fake_clock clock;
  hosts pool{{.make = n.connect(), .all = {.capacity = 4, .idle_timeout = 1min}}, clock};
  for (const auto* key : {"a", "b"}) pool.at(key).acquire().reset();
  pool.reset();
  EXPECT_EQ(closed_for(pool.stats(), close_reason::reset), 2u);
  for (const auto* key : {"a", "b"}) pool.at(key).acquire().reset();
  clock.advance(1min);
  pool.look_after();
  EXPECT_EQ(closed_for(pool.stats(), close_reason::idle), 2u);
  for (const auto* key : {"a", "b"}) pool.at(key).acquire().reset();
  EXPECT_TRUE(pool.close());
  EXPECT_EQ(n.all.open, 0);
  std::error_code why;
  EXPECT_FALSE(pool.at("a").acquire(why));
  EXPECT_EQ(why, pool_errc::closed);
}

TEST(ResourceKeyed, keys_that_nobody_and_nothing_needs_are_forgotten) {
  network n;
  fake_clock clock;
  n.refuses = "down";
  hosts pool{{.make = n.connect(), .all = {.capacity = 4, .retry_first = 1h, .retry_most = 1h}}, clock};
  const auto kept = pool.at("kept");
  EXPECT_THROW((void)pool.at("down").acquire(), ebb::test::refused_by_peer);
  pool.at("open").acquire().reset();
  const auto held = pool.at("held").acquire();
  for (int i = 0; i < 1000; ++i) {
    (void)pool.at(std::to_string(i));
    ASSERT_LE(pool.keys(), 64u);
  }
  EXPECT_GT(pool.keys(), 4u);
  EXPECT_FALSE(pool.at("down").try_acquire()) << "its pause is not forgotten";
  EXPECT_EQ(n.all.opened, 2);
  EXPECT_EQ(pool.at("open").acquire()->id, 1);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::evicted), 0u);
}

TEST(ResourceKeyed, when_more_than_64_are_needed_it_does_not_look_each_time) {
  network n;
  hosts pool{{.make = n.connect(), .all = {.capacity = 1}}};
  std::vector<ebb::lease_source<link>> kept;
  for (int i = 0; i < 65; ++i) kept.push_back(pool.at(std::to_string(i)));
  for (int i = 65; i < 128; ++i) (void)pool.at(std::to_string(i));
  EXPECT_EQ(pool.keys(), 128u) << "as many others as are needed";
  (void)pool.at("one more");
  EXPECT_EQ(pool.keys(), 66u);
}

// What a key does that throws: nothing is lost, and nothing left locked.
struct moody {
  enum class mood : std::uint8_t { good, hash, equal, copy };
  static inline mood now = mood::good;
  static void grumble(mood at) {
    if (now == at) throw std::runtime_error("not now");
  }
  explicit moody(int v) : value(v) {}
  moody(const moody& other) : value(other.value) { grumble(mood::copy); }
  moody& operator=(const moody&) = delete;
  ~moody() = default;
  int value;
  struct hash {
    std::size_t operator()(const moody& m) const {
      grumble(mood::hash);
      return static_cast<std::size_t>(m.value % 2);
    }
  };
  struct equal {
    bool operator()(const moody& a, const moody& b) const {
      grumble(mood::equal);
      return a.value == b.value;
    }
  };
};

TEST(ResourceKeyed, keys_that_throw_lose_nothing) {
  peer p;
  keyed_resource_pool<moody, link, moody::hash, moody::equal> pool{
      {.make = [&](const moody&) { return std::make_unique<link>(p); }, .all = {.capacity = 4}}};
  pool.at(moody(1)).acquire().reset();
  for (const auto mood : {moody::mood::hash, moody::mood::equal, moody::mood::copy}) {
    moody::now = mood;
    EXPECT_THROW((void)pool.at(moody(3)), std::runtime_error);
    EXPECT_EQ(pool.keys(), 1u);
  }
  moody::now = moody::mood::good;
  // Also where keys are forgotten meanwhile.
  for (int i = 0; i < 63; ++i) (void)pool.at(moody(100 + i));
  moody::now = moody::mood::copy;
  EXPECT_THROW((void)pool.at(moody(5)), std::runtime_error);
  moody::now = moody::mood::good;
  EXPECT_EQ(pool.at(moody(1)).acquire()->id, 1);
  EXPECT_EQ(pool.at(moody(5)).acquire()->id, 2);
  EXPECT_EQ(pool.keys(), 2u);
}

TEST(ResourceKeyed, many_threads_come_with_new_keys) {
  network n;
  hosts pool{{.make = n.connect(), .all = {.capacity = 8}}};
  ebb::test::run_together(4, [&](int me) {
    ebb::test::dice d(me);
    for (int i = 0; i < 2000 / ebb::test::slowdown; ++i) {
      const std::string key = std::to_string(d.roll(300));
      const auto l = pool.at(key).acquire();
      ASSERT_EQ(l->state, key);
      ASSERT_EQ(l->owners++, 0);
      ASSERT_EQ(--l->owners, 0);
    }
  });
  EXPECT_LE(n.all.most, 8);
  EXPECT_EQ(pool.stats().in_use, 0u);
}

TEST(ResourceKeyed, a_source_outlives_its_pool_and_leases_do) {
  network n;
  auto pool = std::make_unique<hosts>(host_options{.make = n.connect(), .all = {.capacity = 2}});
  auto source = pool->at("a");
  auto l = source.acquire();
  pool.reset();
  EXPECT_EQ(l->state, "a");
  std::error_code why;
  EXPECT_FALSE(source.acquire(why));
  EXPECT_EQ(why, pool_errc::closed);
  l.reset();
  EXPECT_EQ(n.all.open, 0);
}

TEST(ResourceKeyed, the_child_of_a_fork_has_nothing_open_and_goes_on) {
  network n;
  fake_clock clock;
  n.refuses = "down";
  hosts pool{{.make = n.connect(), .all = {.capacity = 2, .retry_first = 1h, .retry_most = 1h}}, clock};
  pool.at("a").acquire().reset();
  auto held = pool.at("b").acquire();
  EXPECT_EQ(in_child([&] {
              held.reset();
              if (pool.stats().open() != 0) return 1;
              const auto a = pool.at("a").acquire();
              const auto c = pool.at("c").acquire();
              if (a->id != 3 || c->id != 4 || n.all.open != 4) return 2;
              return pool.at("d").try_acquire() ? 3 : 0;
            }),
            0);
  EXPECT_EQ(n.all.open, 2);
  EXPECT_EQ(pool.at("a").acquire()->id, 1);
}

std::string what_is_wrong_with(host_options o) {
  o.all.name = "n";
  try {
    const hosts pool{std::move(o)};
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(ResourceKeyed, options_that_mean_nothing_are_not_accepted) {
  network n;
  const std::string begin = "ebb::keyed_resource_pool \"n\": ";
  const std::string of_all =
      begin + "options.all has make, make_async or keep_at_least; valid is none of them";
  const std::string one_of = begin + "valid is one of options.make and options.make_async";
  const auto later = [](const std::string&, ebb::opening<link>) {};
  EXPECT_EQ(what_is_wrong_with({.make = n.connect(), .all = {.capacity = 1}}), "");
  EXPECT_EQ(what_is_wrong_with({.make_async = later, .all = {.capacity = 1}}), "");
  EXPECT_EQ(what_is_wrong_with({.all = {.capacity = 1}}), one_of);
  EXPECT_EQ(what_is_wrong_with({.make = n.connect(), .make_async = later, .all = {.capacity = 1}}), one_of);
  EXPECT_EQ(what_is_wrong_with(
                {.make = n.connect(), .all = {.make = ebb::test::connect_to(n.all), .capacity = 1}}),
            of_all);
  EXPECT_EQ(what_is_wrong_with(
                {.make = n.connect(), .all = {.make_async = [](ebb::opening<link>) {}, .capacity = 1}}),
            of_all);
  EXPECT_EQ(what_is_wrong_with({.make = n.connect(), .all = {.capacity = 1, .keep_at_least = 1}}), of_all);
  EXPECT_EQ(what_is_wrong_with({.make = n.connect(), .capacity_per_key = 0, .all = {.capacity = 1}}),
            begin + "options.capacity_per_key is 0; valid are 1 and more");
  EXPECT_EQ(what_is_wrong_with({.make = n.connect()}),
            begin + "options.capacity is 0; valid are 1 to 1,000,000");
  hosts pool{{.make = n.connect(), .all = {.capacity = 1, .name = "n"}}};
  try {
    pool.set_capacity(1'000'001);
    ADD_FAILURE();
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(e.what(), begin + "a capacity of 1000001; valid are 0 to 1000000");
  }
}

}  // namespace
