// The counting behind calibrated_buffer_pool, compared put by put with a model that counts in the plainest
// way.
#include <ebb/detail/calibration.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include <support/threads.hpp>

#include "runtime.hpp"

namespace {

using ebb::detail::calibration;
using ebb::detail::this_runtime;
namespace percpu = ebb::detail::percpu;
using ebb::test::dice;
using ebb::test::run_on_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;

constexpr int threshold = 42000;

constexpr std::size_t length_in(std::size_t c) { return std::size_t{50} << c; }
static_assert(calibration::class_of(length_in(0)) == 0 && calibration::class_of(length_in(19)) == 19);

// The rule read literally: of what is left, always the class with most calls, and of several the smallest.
calibration::sizes slow_sizes_for(calibration::histogram calls) {
  std::uint64_t total = 0;
  for (const std::uint64_t n : calls) total += n;
  const auto limit = static_cast<std::uint64_t>(static_cast<double>(total) * 0.95);
  calibration::sizes s;
  std::uint64_t sum = 0;
  std::array<bool, calibration::class_count> taken{};
  for (int rank = 0; rank < 20 && sum <= limit; ++rank) {
    std::size_t best = 20;
    for (std::size_t c = 20; c-- > 0;) {
      if (!taken[c] && (best == 20 || calls[c] >= calls[best])) best = c;
    }
    taken[best] = true;
    sum += calls[best];
    const std::size_t bytes = std::size_t{64} << best;
    if (rank == 0) s.default_bytes = bytes;
    if (bytes > s.max_bytes) s.max_bytes = bytes;
  }
  return s;
}

std::string text_of(const calibration::sizes& s) {
  return std::to_string(s.default_bytes) + ", " + std::to_string(s.max_bytes);
}

TEST(CalibrationRule, agrees_with_a_slow_reference_on_random_histograms) {
  dice d(1);
  for (int round = 0; round < 20'000 / slowdown; ++round) {
    calibration::histogram calls{};
    const std::uint32_t used = d.roll(20) + 1;
    const bool few = d.roll(2) == 0;  // and so many ties
    for (std::uint32_t i = 0; i < used; ++i) {
      const std::uint64_t wide = std::uint64_t{d.roll(1u << 31)} << d.roll(20);
      calls[d.roll(20)] = few ? d.roll(4) : wide;
    }
    const calibration::sizes s = calibration::sizes_for(calls);
    ASSERT_EQ(text_of(s), text_of(slow_sizes_for(calls))) << "round " << round;
    ASSERT_LE(s.default_bytes, s.max_bytes);
  }
}

// Counts one by one; `expect_same` after each, so a calibration that is one too early or late is seen if it
// changes the sizes.
class counted_twice {
 public:
  void count(std::size_t length) {
    real_.count(length);
    std::uint64_t& calls = calls_[calibration::class_of(length)];
    ++puts_;
    if (++calls > threshold) {
      expected_ = slow_sizes_for(calls_);
      calls_ = {};
      ++calibrations_;
    }
    if (real_.default_bytes() == expected_.default_bytes && real_.max_bytes() == expected_.max_bytes)
      return;
    if (wrong_++ > 0) return;
    ADD_FAILURE() << "after put " << puts_ << " and " << calibrations_
                  << " calibrations: " << text_of({real_.default_bytes(), real_.max_bytes()})
                  << ", and not " << text_of(expected_);
  }
  [[nodiscard]] int calibrations() const { return calibrations_; }

 private:
  calibration real_;
  calibration::histogram calls_{};
  calibration::sizes expected_;
  int puts_ = 0;
  int calibrations_ = 0;
  int wrong_ = 0;
};

TEST(Calibration, comes_with_exactly_the_42001st_put_of_one_class) {
  for (const std::size_t c : {0u, 4u, 15u, 16u, 19u}) {
    counted_twice both;
    for (int i = 0; i < threshold + 1; ++i) both.count(length_in(c));
    EXPECT_EQ(both.calibrations(), 1);
  }
}

// Whatever is left over in other classes, and in the credit of shards, a calibration starts from nothing.
TEST(Calibration, each_one_needs_42001_new_puts_of_one_class) {
  counted_twice both;
  const std::array<std::size_t, 5> leaders{4, 7, 4, 0, 12};
  for (const std::size_t leader : leaders) {
    for (int i = 0; i < threshold; ++i) {
      both.count(length_in(leader));
      if (i % 10 == 0) both.count(length_in(leader + 3));  // just enough to be the largest
      if (i % 2 == 0) both.count(length_in(1));            // would be the next to calibrate
    }
    both.count(length_in(leader));
  }
  EXPECT_EQ(both.calibrations(), 5);
}

TEST(Calibration, is_exact_for_many_classes_at_random) {
  counted_twice both;
  dice d(2);
  for (int phase = 0; phase < (slowdown > 1 ? 12 : 40); ++phase) {
    const std::uint32_t leader = d.roll(20);
    const std::uint32_t spread = d.roll(4) + 2;
    for (int i = 0; i < 20'000; ++i) {
      const std::size_t c = d.roll(spread) == 0 ? d.roll(20) : leader;
      both.count((std::size_t{64} << c) - d.roll(std::uint32_t{16} << c));
    }
  }
  EXPECT_GE(both.calibrations(), 1);
}

// --- the same on many shards -----------------------------------------------------------------------------

// Puts come from another shard each time the test says so: on the portable path any of them, with critical
// sections the one of the CPU.
class Hopping : public testing::TestWithParam<int> {
 protected:
  static int places() {
    return percpu::has_rseq() ? 2 : static_cast<int>(std::min(this_runtime().shards, 64u));
  }
  void go(int place) {
    if (place == place_) return;
    place_ = place;
    if (percpu::has_rseq()) {
      run_on_cpu(place);
    } else {
      percpu::fallback::place = {static_cast<std::uint32_t>(place), percpu::fallback::never_look};
    }
  }
  // On a thread of its own, whose CPU nobody else cares for.
  template <class Body>
  static void on_own_thread(Body body) {
    std::thread(body).join();
  }
  int place_ = -1;
};

// Where the i-th of `total` puts is made, for each pattern.
int place_of(int pattern, int i, int total, int places) {
  const int to_go = total - i;
  switch (pattern) {
    case 0: return 0;
    case 1: return to_go > 150 ? 0 : 1;  // the last on another CPU than all others
    case 2: return to_go > 1 ? 0 : 1;    // only the very last
    case 3: return i < places ? i : to_go > 300 ? 0 : i % places;  // credit lies about everywhere
    case 4: return i / 100 % places;
    case 5: return i / 1000 % places;
    case 6: return i < places ? i : to_go > 300 ? 1 : 0;
    default: return i > 300 && to_go > 300 ? 0 : i % places;  // each put on another
  }
}

TEST_P(Hopping, each_calibration_comes_with_exactly_the_42001st_put) {
  on_own_thread([&] {
    counted_twice both;
    for (int run = 0; run < 3; ++run) {
      const std::size_t c = run % 2 == 0 ? 4 : 6;
      for (int i = 0; i < threshold + 1; ++i) {
        go(place_of(GetParam(), i, threshold + 1, places()));
        both.count(length_in(c));
        if (i % 3 == 0) both.count(length_in(5));
      }
    }
    EXPECT_EQ(both.calibrations(), 3);
  });
}
INSTANTIATE_TEST_SUITE_P(, Hopping, testing::Range(0, 8));

TEST_F(Hopping, at_random_between_all_shards_and_classes) {
  on_own_thread([&] {
    counted_twice both;
    dice d(3);
    for (int i = 0; i < 400'000 / slowdown + 45'000; ++i) {
      if (d.roll(300) == 0) go(static_cast<int>(d.roll(static_cast<std::uint32_t>(places()))));
      const bool first_half = i / 60'000 % 2 == 0;
      both.count(length_in(d.roll(8) != 0 ? (first_half ? 3 : 9) : d.roll(20)));
    }
    EXPECT_GE(both.calibrations(), 1);
  });
}

// Two threads that run all the time, so that with concurrency ids, too, they have different shards.
TEST(Calibration, is_exact_when_two_threads_take_turns) {
  for (const int block : {1, 7, 100, 1000}) {
    if (block < 100 && slowdown > 1) continue;
    counted_twice both;
    std::atomic<int> next{0};  // puts made
    constexpr int total = 2 * (threshold + 1);
    // Small blocks where a calibration begins and ends: where the CPUs are busy each turn costs a wait.
    const auto turn_of = [block](int made) {
      const int at = made % (threshold + 1);
      const bool in_between = at >= 250 && at < threshold - 250;
      return made / (in_between ? 1000 : block) % 2;
    };
    run_together(2, [&](int me) {
      run_on_cpu(me);
      for (;;) {
        const int made = next.load(std::memory_order_acquire);
        if (made >= total) return;
        if (turn_of(made) != me) {
          std::this_thread::yield();
          continue;
        }
        both.count(length_in(made <= threshold ? 4 : 6));
        next.store(made + 1, std::memory_order_release);
      }
    });
    EXPECT_EQ(both.calibrations(), 2) << "blocks of " << block;
  }
}

// --- at once
// -----------------------------------------------------------------------------------------------

TEST(Calibration, loses_no_put_of_8_threads_that_hop_and_counts_none_twice) {
  constexpr int threads = 8;
  constexpr int each = 5000;
  for (int round = 0; round < 5; ++round) {
    calibration real;
    run_together(threads, [&](int me) {
      dice d(me + 10 * round);
      for (int i = 0; i < each; ++i) {
        if (d.roll(500) == 0) run_on_cpu(static_cast<int>(d.roll(8)));
        real.count(length_in(4));
      }
    });
    int more = 0;
    while (real.default_bytes() == 0) {
      real.count(length_in(4));
      ASSERT_LE(++more, threshold + 1);
    }
    EXPECT_EQ(more, threshold + 1 - threads * each);
  }
}

// bytebufferpool's weakness: two puts both see the threshold passed, and the second one calibrates what the
// first left behind: nothing, or a handful.
TEST(Calibration, a_histogram_is_calibrated_once_by_8_threads_that_pass_the_threshold_together) {
  constexpr int threads = 8;
  for (int round = 0; round < 300 / slowdown; ++round) {
    calibration real;
    for (int i = 0; i < 3000; ++i) real.count(length_in(8));
    for (int i = 0; i < threshold - 3; ++i) real.count(length_in(4));
    ASSERT_EQ(real.default_bytes(), 0u);
    std::atomic<int> strange{0};
    run_together(threads, [&](int me) {
      for (int i = 0; i < 30; ++i) {
        real.count(length_in(me < 2 && i % 8 == 0 ? 0 : 4));
        const std::size_t now = real.default_bytes();
        if (now != 0 && now != 1024) ++strange;
      }
    });
    ASSERT_EQ(strange, 0) << "round " << round;
    ASSERT_EQ(real.default_bytes(), 1024u) << "round " << round;
    ASSERT_EQ(real.max_bytes(), 16384u)
        << "a second one would have seen no buffer of that class, round " << round;
  }
}

// Over many calibrations: one needs 42,001 puts, so what was put since the last one is always the rest.
TEST(Calibration, the_default_is_never_taken_from_a_handful_of_puts) {
  constexpr int threads = 8;
  calibration real;
  std::atomic<int> strange{0};
  run_together(threads, [&](int me) {
    for (int i = 0; i < 200'000 / slowdown; ++i) {
      real.count(length_in(me == 0 && i % 3 == 0 ? 0 : 4));
      const std::size_t now = real.default_bytes();
      if (now != 0 && now != 1024) ++strange;
    }
  });
  EXPECT_EQ(strange, 0);
  EXPECT_EQ(real.default_bytes(), 1024u);
  EXPECT_EQ(real.max_bytes(), 1024u) << "class 0 is 4 % of it";
}

}  // namespace
