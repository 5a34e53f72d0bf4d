#include <ebb/stats.hpp>

#include <ebb/detail/pool_core.hpp>

#include "collector_thread.hpp"
#include "pool_state.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace ebb {

namespace detail {

void shard_log::add_to(pool_stats& sum) const noexcept {
  const auto read = [this](event e) {
    return counts[static_cast<std::size_t>(e)].load(std::memory_order_relaxed);  // relaxed: a count
  };
  sum.made += read(event::made);
  sum.reused_own += read(event::reused_own);
  sum.reused_depot += read(event::reused_depot);
  sum.reused_stolen += read(event::reused_stolen);
  sum.reused_victim += read(event::reused_victim);
  sum.missed += read(event::missed);
  sum.put += read(event::put);
  sum.dropped_aged += read(event::dropped_aged);
  sum.dropped_over_max_idle += read(event::dropped_over_max_idle);
  sum.dropped_rejected += read(event::dropped_rejected);
  sum.dropped_no_memory += read(event::dropped_no_memory);
  sum.dropped_at_random += read(event::dropped_at_random);
  sum.detached += read(event::detached);
}

pool_stats pool_core::stats() const noexcept {
  pool_stats sum;
  shared_log_.add_to(sum);
  if (pool_state* const state = this->state()) state->add_to(sum);
  // Objects that were put and dropped at once have been put, too.
  sum.put +=
      sum.dropped_over_max_idle + sum.dropped_rejected + sum.dropped_no_memory + sum.dropped_at_random;
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
