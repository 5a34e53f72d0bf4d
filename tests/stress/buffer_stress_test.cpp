// While somebody has a buffer nobody else writes to it: every byte says whose it is, and is looked at
// before the buffer is put, whatever threads, CPUs and cycles do.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/runtime_info.hpp>
#include <support/buffers.hpp>
#include <support/threads.hpp>

namespace {

using ebb::buffer_pool;
using ebb::pooled_buffer;
using ebb::test::all_of;
using ebb::test::dice;
using ebb::test::fill;
using ebb::test::intact;
using ebb::test::run_on_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;
using options = buffer_pool::options;

// Nothing is adopted in these tests, so the books of each tier balance by themselves.
void expect_conserved(const buffer_pool& pool) {
  for (std::size_t i = 0; i < pool.tier_count(); ++i) {
    const ebb::pool_stats s = pool.tier_stats(i);
    EXPECT_EQ(s.made, s.idle + s.destroyed() + s.detached) << "tier of " << pool.tier_bytes(i);
  }
}

// A buffer whose whole capacity holds a pattern that nobody else uses.
struct owned {
  pooled_buffer buffer;
  std::uint64_t pattern = 0;

  void write(std::uint64_t p) {
    pattern = p;
    fill(all_of(buffer), p);
  }
  void verify() { ASSERT_EQ(intact(all_of(buffer), pattern), buffer.capacity()) << "somebody wrote here"; }
};

class mailbox {
 public:
  void send(owned o) {
    const std::lock_guard lock(mutex_);
    mail_.push_back(std::move(o));
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return mail_.size();
  }
  std::optional<owned> receive() {
    const std::lock_guard lock(mutex_);
    if (mail_.empty()) return {};
    owned o = std::move(mail_.back());
    mail_.pop_back();
    return o;
  }

 private:
  std::mutex mutex_;
  std::vector<owned> mail_;
};

class worker {
 public:
  worker(int me, buffer_pool& pool, std::vector<mailbox>& mail, bool zeroes)
      : me_(static_cast<std::size_t>(me)), pool_(pool), mail_(mail), zeroes_(zeroes), dice_(me) {}

  void step() {
    if (dice_.roll(1000) == 0) run_on_cpu(static_cast<int>(dice_.roll(64)));
    if (dice_.roll(300) == 0) std::this_thread::yield();
    const std::uint32_t burst = dice_.roll(200) == 0 ? 60 : 6;
    switch (dice_.roll(8)) {
      case 0:
      case 1:
      case 2:
        while (held_.size() < burst) take();
        break;
      case 3: grow(); break;
      case 4:
        if (auto o = last())
          mail_[dice_.roll(static_cast<std::uint32_t>(mail_.size()))].send(std::move(*o));
        break;
      case 5:
        if (auto o = mail_[me_].receive()) {
          o->verify();
          held_.push_back(std::move(*o));
        }
        break;
      case 6:
        if (auto o = last(); o && dice_.roll(20) == 0) {
          o->verify();
          (void)std::move(o->buffer).detach();
        }
        break;
      default: put(dice_.roll(3) == 0 ? held_.size() : 2);
    }
  }
  void finish() {
    put(held_.size());
    while (auto o = mail_[me_].receive()) o->verify();
  }

 private:
  std::uint64_t next_pattern() { return ++sequence_ * mail_.size() + me_; }

  void take() {
    const std::size_t max = pool_.tier_bytes(pool_.tier_count() - 1);
    const std::size_t n = dice_.roll(static_cast<std::uint32_t>(dice_.roll(8) == 0 ? max + 100 : max / 16));
    owned o{pool_.get(n)};
    ASSERT_EQ(o.buffer.size(), n);
    ASSERT_GE(o.buffer.capacity(), n);
    if (zeroes_) {
      ASSERT_EQ(ebb::test::zeros(o.buffer), n);
    }
    o.write(next_pattern());
    held_.push_back(std::move(o));
  }
  void grow() {
    auto o = last();
    if (!o) return;
    o->verify();
    const std::size_t before = o->buffer.capacity();
    o->buffer.resize(before);
    o->write(o->pattern);
    o->buffer.append("and more");
    ASSERT_EQ(intact({o->buffer.data(), before}, o->pattern), before);
    ASSERT_EQ(o->buffer.view().substr(before), "and more");
    o->write(next_pattern());
    held_.push_back(std::move(*o));
  }
  std::optional<owned> last() {
    if (held_.empty()) return {};
    owned o = std::move(held_.back());
    held_.pop_back();
    return o;
  }
  void put(std::size_t n) {
    for (; n > 0 && !held_.empty(); --n) {
      held_.back().verify();
      held_.pop_back();
    }
  }

  std::size_t me_;
  buffer_pool& pool_;
  std::vector<mailbox>& mail_;
  bool zeroes_;
  dice dice_;
  std::uint64_t sequence_ = 0;
  std::vector<owned> held_;
};

constexpr ebb::scrub zero = ebb::scrub::zero;
struct pool_kind {
  const char* name;
  options o;
};
struct BufferStress : testing::TestWithParam<pool_kind> {};

TEST_P(BufferStress, a_buffers_bytes_never_change_while_somebody_owns_it) {
  constexpr int threads = 8;
  buffer_pool pool{GetParam().o};
  std::vector<mailbox> mail(threads);
  std::atomic<int> working{threads};
  run_together(threads + 1, [&](int me) {
    if (me == threads) {
      while (working > 0) ebb::collect();
      return;
    }
    worker w(me, pool, mail, GetParam().o.on_get == zero);
    for (int i = 0; i < 20'000 / slowdown && !testing::Test::HasFailure(); ++i) w.step();
    w.finish();
    --working;
  });
  while (!mail.empty()) mail.pop_back();
  expect_conserved(pool);
  EXPECT_LE(pool.idle_bytes(), GetParam().o.max_idle_bytes);
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(pool.idle_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    , BufferStress,
    testing::Values(pool_kind{"plain", {.min_bytes = 64, .max_bytes = 4096}},
                    pool_kind{"odd", {.min_bytes = 3, .max_bytes = 1000}},
                    pool_kind{"aligned", {.min_bytes = 100, .max_bytes = 3000, .alignment = 4096}},
                    pool_kind{"bounded", {.min_bytes = 64, .max_bytes = 4096, .max_idle_bytes = 50'000}},
                    pool_kind{"scrubbed",
                              {.min_bytes = 64, .max_bytes = 4096, .on_get = zero, .on_put = zero}}),
    [](const auto& kind) { return kind.param.name; });

// The bound is looked at whenever all threads have just put all they had.
TEST(BufferBudget, is_kept_over_all_tiers_by_8_threads_with_bursts_while_cycles_run) {
  constexpr int threads = 8;
  constexpr std::size_t bound = 300'000;
  buffer_pool pool{{.min_bytes = 100, .max_bytes = 10'000, .max_idle_bytes = bound}};
  for (int round = 0; round < 40 / (slowdown > 4 ? 4 : 1); ++round) {
    std::atomic<int> working{threads};
    run_together(threads + 1, [&](int me) {
      if (me == threads) {
        while (round % 4 != 0 && working > 0) ebb::collect();
        return;
      }
      dice d(round * threads + me);
      for (int burst = 0; burst < 10; ++burst) {
        std::vector<pooled_buffer> some;
        for (int i = 0; i < 100; ++i) some.push_back(pool.get(d.roll(10'000)));
      }
      --working;
    });
    ASSERT_LE(pool.idle_bytes(), bound) << "in round " << round;
    if (round % 4 == 0 && ebb::runtime_info().shards <= threads) {  // or more room is set aside
      ASSERT_GE(pool.idle_bytes(), bound / 2) << "no cycle has run since";
    }
  }
  expect_conserved(pool);
  EXPECT_GT(pool.stats().dropped_over_budget, 0u);
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(pool.idle_bytes(), 0u);
}

// Every put happens on another thread than the get did.
TEST(BufferHandover, buffers_that_are_put_by_another_thread_serve_again) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t on_the_way = 50;  // at most, to each thread
  buffer_pool pool{{.min_bytes = 256, .max_bytes = 4096}};
  std::vector<mailbox> mail(threads);
  std::atomic<std::size_t> sending{threads};
  const std::uint64_t count = 20'000 / slowdown;
  run_together(threads, [&](int index) {
    const auto me = static_cast<std::size_t>(index);
    dice d(index);
    const auto receive_all = [&] {
      while (auto received = mail[me].receive()) received->verify();
    };
    mailbox& next = mail[(me + 1) % threads];
    for (std::uint64_t i = 0; i < count; ++i) {
      for (; next.size() >= on_the_way; std::this_thread::yield()) receive_all();
      owned o{pool.get(d.roll(4096))};
      o.write(i * threads + me);
      next.send(std::move(o));
      receive_all();
    }
    for (--sending; sending > 0; std::this_thread::yield()) receive_all();
    receive_all();
  });
  expect_conserved(pool);
  EXPECT_LT(pool.stats().made, threads * count / 4);
}

}  // namespace
