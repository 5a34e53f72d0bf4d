#include <ebb/stats.hpp>

#include <ebb/detail/pool_core.hpp>

#include "collector_thread.hpp"
#include "pool_state.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace ebb {

namespace detail {

void shard_log::add_to(pool_stats& sum) const noexcept {
  // relaxed: counts, each exact by itself
  const auto read = [](const counter& c) { return c.load(std::memory_order_relaxed); };
  const auto drops = [&](drop_reason r) { return read(dropped[static_cast<std::size_t>(r)]); };
  sum.made += read(made);
  sum.reused_own += read(reused_own);
  sum.reused_depot += read(reused_depot);
  sum.reused_stolen += read(reused_stolen);
  sum.reused_victim += read(reused_victim);
  sum.missed += read(missed);
  sum.put += read(put);
  sum.dropped_aged += read(dropped_aged);
  sum.dropped_over_max_idle += drops(drop_reason::over_max_idle);
  sum.dropped_rejected += drops(drop_reason::rejected);
  sum.dropped_no_memory += drops(drop_reason::no_memory);
  sum.dropped_at_random += drops(drop_reason::at_random);
  sum.detached += read(detached);
}

pool_stats pool_core::stats() const noexcept {
  pool_stats sum;
  early_log_.add_to(sum);
  if (pool_state* const state = this->state()) state->add_to(sum);
  // Objects that were put and dropped at once have been put, too.
  sum.put += sum.dropped_over_max_idle + sum.dropped_rejected + sum.dropped_no_memory +
             sum.dropped_at_random;
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
          .collector_running = detail::collector_thread::is_running()};
}

}  // namespace ebb
