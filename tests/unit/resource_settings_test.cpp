// Settings: which resource somebody gets who wants one, who gets it that comes back, and what fails.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <ebb/resource_pool.hpp>
#include <support/resources.hpp>
#include <support/waiting.hpp>

namespace {

using ebb::close_reason;
using ebb::lease;
using ebb::resource_pool;
using ebb::resource_setting;
using ebb::test::closed_for;
using ebb::test::connect_to;
using ebb::test::link;
using ebb::test::peer;
using ebb::test::waiting_thread;

// A setting that writes its name, and does not bear to find another's.
struct color {
  explicit color(std::string name)
      : id(std::make_shared<const resource_setting<link>>(
            resource_setting<link>{[this, name](link& l) {
                                     EXPECT_EQ(l.state, "") << "nobody undid that one";
                                     if (fails_to_apply) throw std::runtime_error("no " + name);
                                     l.state = name;
                                     ++applied;
                                   },
                                   [this, name](link& l) {
                                     EXPECT_EQ(l.state, name);
                                     if (fails_to_undo) throw std::runtime_error("stays " + name);
                                     l.state.clear();
                                     ++undone;
                                   }})) {}
  std::atomic<int> applied{0};
  std::atomic<int> undone{0};
  bool fails_to_apply = false;
  bool fails_to_undo = false;
  std::shared_ptr<const resource_setting<link>> id;
};

// vitess' smartconnpool: one that has the setting, one that has none, a new one, one that has another.
TEST(ResourceSettings, what_fits_comes_first_then_what_is_clean_then_a_new_one_then_any) {
  peer p;
  color red("red");
  color blue("blue");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 3}};
  pool.with(red.id).acquire().reset();
  {
    const auto plain = pool.acquire();
    EXPECT_EQ(plain->id, 2) << "there is room: the red one is left as it is";
    EXPECT_EQ(plain->state, "");
  }
  auto first = pool.with(red.id).acquire();
  EXPECT_EQ(first->id, 1) << "though the other came back later";
  EXPECT_EQ(red.applied, 1) << "it is red already";
  auto second = pool.with(red.id).acquire();
  EXPECT_EQ(second->id, 2) << "a clean one, though there is room";
  EXPECT_EQ(red.applied, 2);
  first.reset();
  second.reset();
  auto third = pool.with(blue.id).acquire();
  EXPECT_EQ(third->id, 3) << "a new one";
  EXPECT_EQ(red.undone, 0);
  auto fourth = pool.with(blue.id).acquire();
  EXPECT_EQ(fourth->id, 2) << "the red one that came back last";
  EXPECT_EQ(fourth->state, "blue");
  EXPECT_EQ(red.undone, 1);
  EXPECT_EQ(blue.applied, 2);
  EXPECT_EQ(pool.stats().settings_changed, 4u);
  EXPECT_EQ(p.opened, 3);
}

TEST(ResourceSettings, one_that_is_clean_is_taken_before_one_that_has_another) {
  peer p;
  color red("red");
  color blue("blue");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2}};
  {
    const auto changed = pool.with(red.id).acquire();
    const auto clean = pool.acquire();
  }
  EXPECT_EQ(pool.with(red.id).acquire()->id, 1) << "which is the newest after that";
  EXPECT_EQ(pool.with(blue.id).acquire()->id, 2);
  EXPECT_EQ(red.undone, 0);
}

TEST(ResourceSettings, who_wants_none_gets_one_that_is_clean_again) {
  peer p;
  color red("red");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  pool.with(red.id).acquire().reset();
  EXPECT_EQ(pool.acquire()->state, "");
  EXPECT_EQ(red.undone, 1);
  EXPECT_EQ(pool.try_acquire()->id, 1);
  EXPECT_EQ(pool.stats().settings_changed, 2u) << "and nothing more is changed";
}

TEST(ResourceSettings, the_order_of_idle_ones_holds_among_those_that_fit) {
  for (const auto order : {ebb::idle_order::newest_first, ebb::idle_order::oldest_first}) {
    peer p;
    color red("red");
    color blue("blue");
    resource_pool<link> pool{{.make = connect_to(p), .capacity = 4, .order = order}};
    {
      auto a = pool.with(red.id).acquire();
      auto b = pool.with(blue.id).acquire();
      auto c = pool.with(red.id).acquire();
      auto d = pool.with(blue.id).acquire();
      a.reset();
      b.reset();
      c.reset();
      d.reset();
    }
    const bool newest = order == ebb::idle_order::newest_first;
    EXPECT_EQ(pool.with(red.id).acquire()->id, newest ? 3 : 1);
    EXPECT_EQ(pool.with(blue.id).acquire()->id, newest ? 4 : 2);
    EXPECT_EQ(pool.acquire()->id, newest ? 4 : 3) << "of all that have a setting";
  }
}

TEST(ResourceSettings, who_wants_what_comes_back_as_it_is_goes_first_but_passes_nobody_more_than_8_times) {
  constexpr int reds = 11;
  peer p;
  color red("red");
  color blue("blue");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.with(red.id).acquire();
  std::string order;
  std::mutex mutex;
  const auto takes = [&](const color& c, char letter) {
    return [&, letter, source = pool.with(c.id)](std::error_code& why) mutable {
      const auto l = source.acquire(why);
      const std::lock_guard lock(mutex);
      order += letter;
      return lease<link>();
    };
  };
  std::vector<std::unique_ptr<waiting_thread>> waiters;
  waiters.push_back(std::make_unique<waiting_thread>(pool, takes(blue, 'b')));
  for (int i = 0; i < reds; ++i) {
    waiters.push_back(std::make_unique<waiting_thread>(pool, takes(red, 'r')));
  }
  held.reset();
  waiters.clear();
  EXPECT_EQ(order, "rrrrrrrrbrrr");
  EXPECT_EQ(p.opened, 1);
}

TEST(ResourceSettings, where_nobody_wants_it_as_it_is_who_came_first_has_it_changed) {
  peer p;
  color red("red");
  color blue("blue");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread b(
      pool, [source = pool.with(blue.id)](std::error_code& why) mutable { return source.acquire(why); });
  waiting_thread r(
      pool, [source = pool.with(red.id)](std::error_code& why) mutable { return source.acquire(why); });
  held.reset();
  b.join();
  EXPECT_EQ(b.got->state, "blue");
  EXPECT_EQ(pool.stats().waiters, 1u);
  b.got.reset();
  r.join();
  EXPECT_EQ(r.got->state, "red");
}

TEST(ResourceSettings, what_apply_throws_reaches_the_caller_and_the_resource_is_closed) {
  peer p;
  color red("red");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  red.fails_to_apply = true;
  EXPECT_THROW((void)pool.with(red.id).acquire(), std::runtime_error);
  EXPECT_THROW((void)pool.with(red.id).try_acquire(), std::runtime_error);
  std::error_code why;
  EXPECT_THROW((void)pool.with(red.id).acquire(why), std::runtime_error);
  EXPECT_EQ(p.open, 0);
  EXPECT_EQ(closed_for(pool.stats(), close_reason::broken), 3u);
  EXPECT_EQ(pool.stats().settings_changed, 0u);
  EXPECT_EQ(pool.stats().acquired, 0u);
  EXPECT_TRUE(pool.try_acquire()) << "its place is free";
}

TEST(ResourceSettings, where_apply_fails_the_next_who_waits_gets_the_place) {
  peer p;
  color red("red");
  color blue("blue");
  red.fails_to_apply = true;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto held = pool.acquire();
  waiting_thread r(
      pool, [source = pool.with(red.id)](std::error_code& why) mutable { return source.acquire(why); });
  waiting_thread b(
      pool, [source = pool.with(blue.id)](std::error_code& why) mutable { return source.acquire(why); });
  held.reset();
  r.join();
  b.join();
  EXPECT_THROW(std::rethrow_exception(r.thrown), std::runtime_error);
  EXPECT_EQ(b.got->id, 2);
}

TEST(ResourceSettings, one_that_undo_fails_for_is_closed_and_another_taken) {
  peer p;
  color red("red");
  color blue("blue");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 2}};
  {
    const auto a = pool.with(red.id).acquire();
    const auto b = pool.with(red.id).acquire();
  }
  red.fails_to_undo = true;
  const auto l = pool.with(blue.id).acquire();
  EXPECT_EQ(l->id, 3);
  EXPECT_EQ(l->state, "blue");
  EXPECT_EQ(closed_for(pool.stats(), close_reason::broken), 1u)
      << "there was a place then, and the other is left as it is";
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ResourceSettings, a_broken_one_is_closed_before_anything_is_changed) {
  peer p;
  color red("red");
  color blue("blue");
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1, .check = ebb::test::ping}};
  auto l = pool.with(red.id).acquire();
  l->works = false;
  l.reset();
  EXPECT_EQ(pool.with(blue.id).acquire()->id, 2);
  EXPECT_EQ(red.undone, 0);
  EXPECT_EQ(blue.applied, 1);
}

TEST(ResourceSettings, they_run_under_no_lock_and_what_they_hold_is_counted_as_in_use) {
  peer p;
  resource_pool<link>* that = nullptr;
  std::size_t in_use = 0;
  const auto curious = std::make_shared<const resource_setting<link>>(
      resource_setting<link>{[&](link&) { in_use = that->stats().in_use; }, [](link&) {}});
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  that = &pool;
  EXPECT_TRUE(pool.with(curious).acquire());
  EXPECT_EQ(in_use, 1u);
}

TEST(ResourceSettings, lives_as_long_as_a_resource_has_it) {
  peer p;
  auto s =
      std::make_shared<const resource_setting<link>>(resource_setting<link>{[](link&) {}, [](link&) {}});
  const std::weak_ptr<const resource_setting<link>> seen = s;
  resource_pool<link> pool{{.make = connect_to(p), .capacity = 1}};
  auto l = pool.with(std::move(s)).acquire();
  EXPECT_FALSE(seen.expired()) << "it will have to be undone";
  const auto mine = std::move(l).detach();
  EXPECT_TRUE(seen.expired());
}

TEST(ResourceSettings, one_without_functions_is_not_accepted) {
  resource_pool<link> pool{{.make = [] { return nullptr; }, .capacity = 1, .name = "p"}};
  const auto refuses = [&](resource_pool<link>::setting s) {
    try {
      (void)pool.with(std::move(s));
    } catch (const std::invalid_argument& e) {
      return std::string(e.what()) == "ebb::resource_pool \"p\": a setting needs apply and undo";
    }
    return false;
  };
  EXPECT_TRUE(refuses(nullptr));
  EXPECT_TRUE(
      refuses(std::make_shared<const resource_setting<link>>(resource_setting<link>{[](link&) {}, {}})));
  EXPECT_TRUE(
      refuses(std::make_shared<const resource_setting<link>>(resource_setting<link>{{}, [](link&) {}})));
}

TEST(ResourceSettings, a_source_may_be_copied_assigned_and_outlive_its_pool) {
  peer p;
  color red("red");
  auto pool = std::make_unique<resource_pool<link>>(
      ebb::resource_pool_options<link>{.make = connect_to(p), .capacity = 2});
  ebb::lease_source<link> source = *pool;
  EXPECT_EQ(source.acquire()->state, "");
  source = pool->with(red.id);
  auto copy = source;
  EXPECT_EQ(copy.acquire()->state, "red");
  pool.reset();
  std::error_code why;
  EXPECT_FALSE(source.acquire(why));
  EXPECT_EQ(why, ebb::pool_errc::closed);
  EXPECT_FALSE(copy.try_acquire(why));
  EXPECT_EQ(why, ebb::pool_errc::closed);
  EXPECT_EQ(p.open, 0);
}

}  // namespace
