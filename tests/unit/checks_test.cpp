// Checked builds: every misuse stops the program with a message that says what, where and how to fix it.
// This program is compiled with EBB_CHECKED=1 in every build.
#include <ebb/detail/checks.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

static_assert(ebb::detail::checked_build);

namespace {

struct widget {
  std::string text = std::string(50, 'w');
};

TEST(Checks, correct_use_passes) {
  ebb::object_pool<widget> pool{{.name = "good"}};
  {
    std::vector<ebb::pooled<widget>> some(200);
    pool.get_n(some);
    pool.put_n(some);
  }
  ebb::collect();
  std::unique_ptr<widget> own = pool.get().detach();
  pool.put(std::move(own));
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(pool.stats().idle, 0u);
}

TEST(ChecksDeathTest, double_put) {
  const auto misuse = [] {
    ebb::object_pool<widget> pool{{.name = "twice"}};
    auto h = pool.get();
    widget* const raw = h.get();
    h.reset();
    pool.put(std::unique_ptr<widget>(raw));
  };
  EXPECT_DEATH(misuse(),
               "double put: object 0x[0-9a-f]+, pool \"twice\" .*object_pool<.*widget>.*\n  fix: ");
}

TEST(ChecksDeathTest, put_of_what_a_handle_still_owns) {
  const auto misuse = [] {
    ebb::object_pool<widget> pool{{.name = "owned"}};
    auto h = pool.get();
    pool.put(std::unique_ptr<widget>(h.get()));
  };
  EXPECT_DEATH(misuse(), "put of an object that a handle still owns: .*\"owned\".*\n.*detach");
}

TEST(ChecksDeathTest, put_of_a_foreign_object) {
  const auto misuse = [] {
    ebb::object_pool<widget> mine{{.name = "mine"}};
    ebb::object_pool<widget> other{{.name = "other"}};
    std::vector<ebb::pooled<widget>> some(3);
    other.get_n(some);
    mine.put_n(some);
  };
  EXPECT_DEATH(misuse(), "put of a foreign object: .*\"mine\"");
}

TEST(ChecksDeathTest, pool_destroyed_while_handles_are_out) {
  const auto misuse = [] {
    std::optional<ebb::object_pool<widget>> pool;
    pool.emplace(ebb::object_pool_options<widget>{.name = "short"});
    auto a = pool->get();
    auto b = pool->get();
    pool.reset();
  };
  EXPECT_DEATH(misuse(), "destroyed while 2 of its handles are out\n.*handle outlives its pool.*\"short\"");
}

#if EBB_ASAN
TEST(ChecksDeathTest, use_after_put_is_reported_by_asan) {
  const auto misuse = [] {
    ebb::object_pool<widget> pool;
    auto h = pool.get();
    widget* const raw = h.get();
    h.reset();
    raw->text.clear();
  };
  EXPECT_DEATH(misuse(), "use-after-poison");
}

TEST(Checks, what_idle_objects_of_an_immortal_pool_own_is_no_leak) {
  static auto* const immortal = new ebb::object_pool<widget>;
  std::vector<ebb::pooled<widget>> some(100);
  immortal->get_n(some);
}
#endif

// EBB_RANDOM is read once per process, so these run in a child that sets it.
[[noreturn]] void use_at_random() {
  (void)::setenv("EBB_RANDOM", "4", 1);
  ebb::object_pool<widget> pool;
  for (int i = 0; i < 10'000; ++i) pool.get().reset();
  const ebb::pool_stats s = pool.stats();
  const bool plausible = s.dropped_at_random > 2000 && s.dropped_at_random < 3000 &&
                         s.reused_depot + s.reused_stolen > 1000 && s.made == s.idle + s.destroyed();
  std::_Exit(plausible ? 0 : 1);
}

TEST(ChecksDeathTest, random_mode_drops_and_steals_one_in_n) {
  EXPECT_EXIT(use_at_random(), testing::ExitedWithCode(0), "");
}

[[noreturn]] void evict_at_random() {
  (void)::setenv("EBB_RANDOM", "4", 1);
  std::uint64_t calls = 0;
  std::uint64_t others = 0;
  ebb::object_pool<int> pool{{.on_evict = [&](int&, ebb::eviction_reason why) {
    ++(why == ebb::eviction_reason::at_random ? calls : others);
  }}};
  for (int i = 0; i < 1000; ++i) pool.get().reset();
  std::_Exit(calls != 0 && calls == pool.stats().dropped_at_random && others == 0 ? 0 : 1);
}

TEST(ChecksDeathTest, what_random_mode_drops_is_announced_as_at_random) {
  EXPECT_EXIT(evict_at_random(), testing::ExitedWithCode(0), "");
}

[[noreturn]] void bad_random() {
  (void)::setenv("EBB_RANDOM", "one", 1);
  ebb::object_pool<widget> pool;
  pool.get().reset();
  std::_Exit(pool.stats().dropped_at_random == 0 ? 0 : 1);
}

TEST(ChecksDeathTest, a_bad_value_is_named_with_the_valid_range) {
  EXPECT_EXIT(bad_random(), testing::ExitedWithCode(0),
              "EBB_RANDOM=one is ignored; valid are 2 to 1000000");
}

}  // namespace
