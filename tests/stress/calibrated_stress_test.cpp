// Buffers of all sizes, written to from end to end, under threads that hop, hand over, and calibrate all
// the time while cycles run: no byte belongs to two users, and every buffer ends exactly once.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/runtime_info.hpp>
#include <support/threads.hpp>

namespace {

using ebb::pooled_buffer;
using ebb::test::dice;
using ebb::test::run_on_cpu;
using ebb::test::run_together;
using ebb::test::slowdown;

// Writes `stamp` over the whole capacity, which is a multiple of 64.
void stamp_all(pooled_buffer& b, std::uint64_t stamp) {
  for (std::size_t at = 0; at < b.capacity(); at += sizeof stamp) {
    std::memcpy(b.data() + at, &stamp, sizeof stamp);
  }
}

// Bytes that are not as stamp_all() left them.
std::size_t foreign(const pooled_buffer& b, std::uint64_t stamp) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < b.capacity(); at += sizeof stamp) {
    count += std::memcmp(b.data() + at, &stamp, sizeof stamp) != 0 ? sizeof stamp : 0;
  }
  return count;
}

struct stamped {
  pooled_buffer buffer;
  std::uint64_t stamp = 0;
};

// Where threads swap what they hold.
class exchange {
 public:
  void swap(std::size_t i, stamped& mine) {
    slot& s = slots_[i % slots_.size()];
    const std::lock_guard lock(s.mutex);
    std::swap(s.content, mine);
  }
  void clear() {
    for (slot& s : slots_) s.content = {};
  }

 private:
  struct slot {
    std::mutex mutex;
    stamped content;
  };
  std::array<slot, 16> slots_;
};

void expect_conserved(const ebb::calibrated_buffer_pool& pool) {
  const ebb::pool_stats s = pool.stats();
  EXPECT_EQ(s.made, s.idle + s.destroyed() + s.detached);
  EXPECT_EQ(s.in_use(), 0u);
}

struct CalibratedStress : testing::TestWithParam<int> {};

TEST_P(CalibratedStress, no_byte_has_two_users_while_sizes_change_and_buffers_change_hands) {
  const int threads = GetParam();
  ebb::calibrated_buffer_pool pool{{.max_idle = 64}};
  exchange table;
  std::atomic<int> working{threads};
  std::atomic<std::size_t> wrong{0};
  std::atomic<std::uint64_t> puts{0};
  std::atomic<std::size_t> defaults_seen{0};  // powers of two
  run_together(threads + 1, [&](int me) {
    if (me == threads) {
      while (working > 0) {
        ebb::collect();
        std::this_thread::yield();
      }
      return;
    }
    dice d(me);
    std::uint64_t next_stamp = static_cast<std::uint64_t>(me + 1) << 40;
    for (int i = 0; i < 300'000 / threads / slowdown; ++i) {
      if (d.roll(2000) == 0) run_on_cpu(static_cast<int>(d.roll(64)));
      // Most are of one class, which changes: so there are calibrations, and sizes go up and down.
      const std::uint32_t phase = static_cast<std::uint32_t>(puts.fetch_add(1) / 50'000) % 4;
      stamped mine{pool.get(), ++next_stamp};
      const std::size_t length = d.roll(50) == 0 ? d.roll(60'000) : d.roll(32u << phase) + (32u << phase);
      mine.buffer.resize(length / 2);
      stamp_all(mine.buffer, mine.stamp);
      if (d.roll(8) == 0) std::this_thread::yield();
      if (foreign(mine.buffer, mine.stamp) != 0) ++wrong;
      if (d.roll(16) == 0) mine.buffer.reset();  // and starts again with other memory
      mine.buffer.resize(length);
      stamp_all(mine.buffer, mine.stamp);
      if (d.roll(4) == 0) {
        table.swap(d.roll(16), mine);
        if (foreign(mine.buffer, mine.stamp) != 0) ++wrong;
      }
      if (d.roll(1000) == 0) (void)std::move(mine.buffer).detach();
      if (d.roll(64) == 0) defaults_seen.fetch_or(pool.default_bytes());
    }
    --working;
  });
  table.clear();
  EXPECT_EQ(wrong, 0u);
  expect_conserved(pool);
  EXPECT_LE(pool.stats().idle, 64u);
  if (slowdown == 1) {
    EXPECT_EQ(defaults_seen, 64u + 128u + 256u + 512u) << "calibrations have happened";
  }
  ebb::collect();
  ebb::collect();
  if (ebb::runtime_info().path == ebb::access_path::portable) ebb::collect();
  EXPECT_EQ(pool.stats().idle, 0u);
}
INSTANTIATE_TEST_SUITE_P(, CalibratedStress, testing::Values(2, 8, 24));

// Nothing but puts that calibrate: the sizes are always those of one of the two phases.
TEST(CalibratedSizes, are_always_those_of_a_whole_histogram) {
  constexpr int threads = 8;
  ebb::calibrated_buffer_pool pool;
  std::atomic<std::uint64_t> puts{0};
  std::atomic<int> strange{0};
  run_together(threads, [&](int me) {
    dice d(me);
    for (int i = 0; i < 200'000 / slowdown; ++i) {
      const bool large = puts.fetch_add(1) / 100'000 % 2 != 0;
      pooled_buffer b = pool.get();
      b.resize(d.roll(1000) == 0 ? 10 : large ? 3000 : 800);
      b.reset();
      const std::size_t now = pool.default_bytes();
      if (now != 0 && now != 1024 && now != 4096) ++strange;
    }
  });
  EXPECT_EQ(strange, 0);
  EXPECT_NE(pool.default_bytes(), 0u);
  expect_conserved(pool);
}

}  // namespace
