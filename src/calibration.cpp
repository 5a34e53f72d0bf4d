#include <ebb/detail/calibration.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

#include "runtime.hpp"

namespace ebb::detail {

calibration::sizes calibration::sizes_for(const histogram& calls) noexcept {
  std::array<std::size_t, class_count> order;
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Not std::stable_sort, which allocates: the class itself breaks ties.
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return calls[a] != calls[b] ? calls[a] > calls[b] : a < b;
  });
  const std::uint64_t total = std::accumulate(calls.begin(), calls.end(), std::uint64_t{0});
  const auto limit = static_cast<std::uint64_t>(static_cast<double>(total) * 0.95);
  std::size_t largest = 0;
  std::uint64_t sum = 0;
  for (const std::size_t c : order) {
    if (sum > limit) break;
    sum += calls[c];
    largest = std::max(largest, c);
  }
  return {.default_bytes = bytes_of(order.front()), .max_bytes = bytes_of(largest)};
}

calibration::calibration() : shards_(this_runtime().shards) {
  for (std::size_t i = 0; i < rows; ++i) {
    storage_[i] = std::make_unique<row[]>(shards_);
    credits_[i] = storage_[i].get();
  }
}

calibration::balance calibration::balance_of(std::size_t c) const noexcept {
  balance b;
  for (std::uint32_t i = 0; i < shards_; ++i) {
    // relaxed: a count. Who puts one buffer after the other finds all of its own.
    const std::int64_t credit =
        storage_[c / row_words][i].words[c % row_words].load(std::memory_order_relaxed);
    b.sum += credit;
    b.ahead += std::max<std::int64_t>(credit, 0);
  }
  return b;
}

void calibration::count_slow(std::size_t length) noexcept {
  const std::size_t c = class_of(length);
  // The classes of the second row, from 4 MiB on, are counted here only.
  if (c >= row_words && spend_credit(c)) return;
  look(c);
}

// This shard has no credit left, or the threshold is near.
void calibration::look(std::size_t c) noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  tally& t = tallies_[c];
  if (t.to_grant == 0) sum_up(c);
  if (t.to_grant == 0) return;
  const std::int64_t grant = std::min(t.batch, t.to_grant);
  t.to_grant -= grant;
  t.granted += grant;
  (void)add_credit(c, grant);
}

// Calibrates if it is time, and decides how many credits there are until the next sum. So many that sums
// are rare (each takes off a quarter of what is missing), and so few that there is one before the threshold
// is passed, whatever CPUs the buffers come back on: each credit lets at most two pass, the one it is spent
// on and the one that asks for it.
void calibration::sum_up(std::size_t c) noexcept {
  tally& t = tallies_[c];
  // Counted anew under the lock, so a fresh histogram is never calibrated a second time.
  if (counted(c) - t.at_calibration > threshold) calibrate();

  const balance b = balance_of(c);
  const std::int64_t missing = threshold + 1 - (t.granted - b.sum - t.at_calibration);
  constexpr std::int64_t most = 1024;
  t.to_grant = std::max<std::int64_t>((missing - 1) / 2 - b.ahead, 0);
  t.batch = std::clamp<std::int64_t>(t.to_grant / (2 * std::int64_t{shards_}), 1, most);
  // Without credits to hand out, everybody looks each time.
  check_below_[c].store(t.to_grant > 0 ? 0 : std::numeric_limits<std::int64_t>::max(),
                        std::memory_order_relaxed);
}

void calibration::calibrate() noexcept {
  histogram calls;
  for (std::size_t c = 0; c < class_count; ++c) {
    const std::int64_t now = counted(c);
    calls[c] = static_cast<std::uint64_t>(now - tallies_[c].at_calibration);
    tallies_[c].at_calibration = now;
    tallies_[c].to_grant = 0;  // summed up at the next look
    check_below_[c].store(0, std::memory_order_relaxed);
  }
  const sizes learned = sizes_for(calls);
  default_bytes_.store(learned.default_bytes, std::memory_order_relaxed);
  max_bytes_.store(learned.max_bytes, std::memory_order_relaxed);
}

}  // namespace ebb::detail
