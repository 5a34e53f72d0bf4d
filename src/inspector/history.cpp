#include "history.hpp"

#include <limits>

namespace ebb::detail {

namespace {

std::uint32_t at_most(std::uint64_t n) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(n < most ? n : most);
}

// 0 when a count went down, which the sum over all pools does when one of them dies.
std::uint32_t risen(std::uint64_t before, std::uint64_t now) noexcept {
  return at_most(now > before ? now - before : 0);
}

pool_sample difference(const pool_stats& before, const pool_stats& now) noexcept {
  pool_sample sample{.idle = now.idle, .idle_bytes = now.idle_bytes, .rates = {}};
  for (std::size_t i = 0; i < rate_fields.size(); ++i) {
    sample.rates[i] = risen(before.*rate_fields[i].value, now.*rate_fields[i].value);
  }
  return sample;
}

bounded_sample difference(const resource_stats& before, const resource_stats& now) noexcept {
  bounded_sample sample;
  for (std::size_t i = 0; i < bounded_levels.size(); ++i) {
    sample.levels[i] = at_most(now.*bounded_levels[i].value);
  }
  for (std::size_t i = 0; i < bounded_counts.size(); ++i) {
    sample.rates[i] = risen(bounded_counts[i].of(before), bounded_counts[i].of(now));
  }
  for (std::size_t i = 0; i < wait_histogram::buckets; ++i) {
    sample.waits[i] = risen(before.waits.counts[i], now.waits.counts[i]);
  }
  return sample;
}

template <class Sample>
void push(std::deque<Sample>& samples, const Sample& sample) {
  if (samples.size() == history::length) samples.pop_front();
  samples.push_back(sample);
}

}  // namespace

void history::add(const std::vector<pool_info>& pools, const runtime_information& process,
                  std::uint64_t resident_bytes, std::int64_t unix_ms) {
  ++newest_;
  pool_stats all;
  for (const pool_info& p : pools) all += p.stats;
  const bool first = newest_ == 1;
  push(process_, {.unix_ms = unix_ms,
                  .resident_bytes = resident_bytes,
                  .cycles = first ? 0 : risen(last_cycles_, process.cycles),
                  .abandoned = first ? 0 : risen(last_abandoned_, process.cycles_abandoned),
                  .pressure = process.pressure,
                  .all = difference(first ? all : last_all_, all)});
  last_all_ = all;
  last_cycles_ = process.cycles;
  last_abandoned_ = process.cycles_abandoned;

  for (const pool_info& p : pools) {
    const auto it = pools_.find(p.id);
    if (it == pools_.end()) continue;
    add_sample(it->second, p);
  }
  std::erase_if(pools_, [&](const auto& entry) { return entry.second.seen != newest_; });
  for (const pool_info& p : pools) {
    if (pools_.size() >= most_pools) break;
    const auto [it, is_new] = pools_.try_emplace(p.id);
    if (!is_new) continue;
    it->second.last = p.stats;  // what was before is of no second
    if (p.bounded) it->second.last_bounded = *p.bounded;
    add_sample(it->second, p);
  }
}

void history::add_sample(of_pool& past, const pool_info& now) const {
  past.seen = newest_;
  if (now.bounded) {
    push(past.bounded_samples, difference(past.last_bounded, *now.bounded));
    past.last_bounded = *now.bounded;
  } else {
    push(past.samples, difference(past.last, now.stats));
    past.last = now.stats;
  }
}

}  // namespace ebb::detail
