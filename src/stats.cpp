#include <ebb/stats.hpp>

#include <algorithm>

#include <ebb/detail/pool_core.hpp>
#include "collector_thread.hpp"
#include "pool_state.hpp"
#include "pressure/control.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace ebb {

namespace detail {

namespace {

template <class Counts>
void add_counts(const Counts& counts, pool_stats& sum) noexcept {
  const auto read = [&counts](event e) {
    const auto i = static_cast<std::size_t>(e);
    return i < counts.size() ? counts[i].load(std::memory_order_relaxed) : 0;  // relaxed: a count
  };
  sum.made += read(event::made);
  sum.reused_own += read(event::reused_own);
  sum.reused_depot += read(event::reused_depot);
  sum.reused_stolen += read(event::reused_stolen);
  sum.reused_victim += read(event::reused_victim);
  sum.missed += read(event::missed);
  sum.put += read(event::put);
  sum.dropped_aged += read(event::dropped_aged);
  sum.dropped_over_budget += read(event::dropped_over_budget);
  sum.dropped_pressure += read(event::dropped_pressure);
  sum.dropped_drained += read(event::dropped_drained);
  sum.dropped_rejected += read(event::dropped_rejected);
  sum.dropped_no_memory += read(event::dropped_no_memory);
  sum.dropped_at_random += read(event::dropped_at_random);
  sum.detached += read(event::detached);
}

std::uint64_t since(std::uint64_t before, std::uint64_t now) noexcept {
  return now - std::min(now, before);
}

}  // namespace

void shard_log::add_to(pool_stats& sum) const noexcept { add_counts(counts, sum); }

void pool_log::add_to(pool_stats& sum) const noexcept { add_counts(counts, sum); }

pool_stats pool_core::stats() const noexcept {
  pool_stats sum;
  log_.add_to(sum);
  pool_state* const state = this->state();
  if (state != nullptr) state->add_to(sum);
  if (state == nullptr) return sum;
  // One may count for less than it is large while sizes change, so what the budget uses is not asked.
  sum.idle_bytes = state->bytes_of(sum.idle);
  sum.recent_reused = since(state->reused_before.load(std::memory_order_relaxed), sum.reused());
  sum.recent_missed = since(state->missed_before.load(std::memory_order_relaxed), sum.missed);
  std::uint64_t peak = state->idle_peak.load(std::memory_order_relaxed);
  while (peak < sum.idle &&
         !state->idle_peak.compare_exchange_weak(peak, sum.idle, std::memory_order_relaxed)) {}
  sum.idle_peak = std::max(peak, sum.idle);
  return sum;
}

}  // namespace detail

runtime_information runtime_info() {
  const detail::runtime& r = detail::this_runtime();
  return {.path = r.path,
          .index = r.index,
          .reason = r.reason,
          .shards = r.shards,
          .cycles = detail::registry::cycles(),
          .cycles_abandoned = detail::registry::cycles_abandoned(),
          .collector_running = detail::collector_thread::is_running(),
          .pressure = pressure(),
          .pressure_source = detail::pressure_control::description()};
}

}  // namespace ebb
