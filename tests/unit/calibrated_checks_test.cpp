// Checked builds: misuse of a calibrated_buffer_pool stops the program with a message that says what, where
// and how to fix it. Compiled with EBB_CHECKED=1 in every build.
#include <ebb/detail/checks.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <support/buffers.hpp>

static_assert(ebb::detail::checked_build);

namespace {

using ebb::calibrated_buffer_pool;
using ebb::pooled_buffer;
using ebb::test::all_of;
using ebb::test::fill;
using options = calibrated_buffer_pool::options;

// A second handle to the same memory, as somebody has who copied the bytes of one.
class stolen_handle {
 public:
  explicit stolen_handle(const pooled_buffer& from) {
    std::memcpy(bytes_, static_cast<const void*>(&from), sizeof from);
  }
  pooled_buffer& operator*() { return *std::launder(reinterpret_cast<pooled_buffer*>(bytes_)); }

 private:
  alignas(pooled_buffer) std::byte bytes_[sizeof(pooled_buffer)];
};

TEST(CalibratedChecks, correct_use_passes_and_all_of_the_capacity_may_be_written) {
  calibrated_buffer_pool pool{{.name = "good"}};
  for (int round = 0; round < 3; ++round) {
    std::vector<pooled_buffer> some(100);
    for (std::size_t i = 0; i < some.size(); ++i) {
      some[i] = pool.get();
      some[i].resize(i * 200);
      fill(all_of(some[i]), 1);
      some[i].resize(some[i].capacity() + 1);  // grows
      fill(all_of(some[i]), 2);
    }
    for (std::size_t i = 0; i < 20; ++i) (void)std::move(some[i]).detach();
    for (std::size_t i = 20; i < 40; ++i) {
      some[i].reset();
      some[i].append("again");
    }
    some.clear();
    ebb::collect();
  }
  for (int i = 0; i < 42001; ++i) pool.get().resize(3000);
  pool.get().append("x");
  for (int i = 0; i < 6; ++i) pool.get().resize(100'000);
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.stats().in_use(), 0u);
}

TEST(CalibratedChecksDeathTest, pool_destroyed_while_buffers_are_out) {
  const auto misuse = [] {
    std::optional<calibrated_buffer_pool> pool;
    pool.emplace(options{.name = "short"});
    pooled_buffer a = pool->get();
    a.resize(10);
    pooled_buffer b = pool->get();
    b.resize(10);
    b.resize(10'000);
    const pooled_buffer without_memory = pool->get();
    pool.reset();
  };
  EXPECT_DEATH(misuse(),
               "destroyed while 2 of its handles are out\n.*handle outlives its pool: object 0x[0-9a-f]+, "
               "pool \"short\" \\(ebb::.*calibrated_buffer_pool\\)\n  fix: ");
}

TEST(CalibratedChecksDeathTest, double_put) {
  const auto misuse = [] {
    calibrated_buffer_pool pool{{.name = "twice"}};
    pooled_buffer b = pool.get();
    b.append("x");
    stolen_handle other(b);
    b.reset();
    (*other).reset();
  };
  EXPECT_DEATH(
      misuse(),
      "double put: object 0x[0-9a-f]+, pool \"twice\" \\(ebb::.*calibrated_buffer_pool\\)\n  fix: ");
}

TEST(CalibratedChecksDeathTest, put_after_detach_or_of_what_was_dropped) {
  const auto after_detach = [] {
    calibrated_buffer_pool pool{{.name = "gone"}};
    pooled_buffer b = pool.get();
    b.append("x");
    stolen_handle other(b);
    const ebb::detached_buffer own = std::move(b).detach();
    (*other).reset();
  };
  EXPECT_DEATH(after_detach(), "put of an object the pool does not know: .*\"gone\"");
  const auto after_growth = [] {
    calibrated_buffer_pool pool{{.name = "elsewhere"}};
    pooled_buffer b = pool.get();
    b.append("x");
    stolen_handle other(b);
    b.resize(100);
    (*other).reset();
  };
  EXPECT_DEATH(after_growth(), "put of an object the pool does not know: .*\"elsewhere\"");
}

#if EBB_ASAN
TEST(CalibratedChecksDeathTest, use_after_put_of_any_byte_is_reported_by_asan) {
  for (const std::size_t byte : {0u, 500u, 1023u}) {
    const auto misuse = [byte] {
      calibrated_buffer_pool pool;
      pooled_buffer b = pool.get();
      b.resize(1024);
      std::byte* const raw = b.data();
      b.reset();
      raw[byte] = std::byte{1};
    };
    EXPECT_DEATH(misuse(), "use-after-poison");
  }
}

TEST(CalibratedChecks, idle_buffers_of_an_immortal_pool_are_no_leak) {
  static auto* const immortal = new calibrated_buffer_pool;
  std::vector<pooled_buffer> some(100);
  for (pooled_buffer& b : some) {
    b = immortal->get();
    b.resize(1000);
  }
}
#endif

// EBB_RANDOM is read once per process, so this runs in a child that sets it.
[[noreturn]] void use_at_random() {
  (void)::setenv("EBB_RANDOM", "4", 1);
  calibrated_buffer_pool pool;
  pooled_buffer restarted = pool.get();
  for (std::size_t i = 0; i < 10'000; ++i) {
    pooled_buffer b = pool.get();
    b.resize(i % 3000);
    restarted.append("x");
    restarted.reset();
  }
  const ebb::pool_stats s = pool.stats();
  const bool plausible = s.dropped_at_random > 4000 && s.dropped_at_random < 6000 &&
                         s.reused_depot + s.reused_stolen > 1000 && s.made == s.idle + s.destroyed();
  std::_Exit(plausible ? 0 : 1);
}

TEST(CalibratedChecksDeathTest, random_mode_drops_and_steals_and_loses_nothing) {
  EXPECT_EXIT(use_at_random(), testing::ExitedWithCode(0), "");
}

}  // namespace
