// How many bytes the pools of the whole process may keep idle.
#pragma once

#include <cstddef>

#include <ebb/detail/config.hpp>
#include <ebb/unlimited.hpp>

namespace ebb {

/// Sets how many bytes all pools together may keep idle, 0 .. unlimited (the default). Objects count as
/// their pool says: sizeof(T), what options.bytes returned, or the capacity of a buffer; the room of loaded
/// magazines counts as used. Pools share it by what they used: as long as there is enough, each takes what
/// it needs; if there is not, none gets more than the others that want more (max-min fairness), by what
/// each was given since the last cycle and what it could not keep. What is over is destroyed, with the
/// reason over_budget and the coldest first. It begins with a cycle over all pools.
/// Returns      when all that is over has been destroyed, or is being destroyed by another thread.
/// Throws       nothing.
/// Threads      safe from any thread. Destructors run on the calling thread, under no lock. From then on
///              the bound holds at every instant, but for what is being put while it is lowered: at most a
///              magazine for each thread, until the next cycle.
/// Cost         that of collect(). While a budget is set, a miss of a pool that needs more than it has
///              takes it out of a common pot: one compare-exchange for about 1/256 of the budget. Hits
///              cost nothing.
/// Unlike Go    Go has none; SetMemoryLimit bounds the whole heap.
EBB_API void set_idle_budget(std::size_t bytes) noexcept;

/// Returns      what set_idle_budget() set last; unlimited if nothing.
/// Throws       nothing.
/// Threads      safe from any thread.
/// Cost         a relaxed load.
[[nodiscard]] EBB_API std::size_t idle_budget() noexcept;

}  // namespace ebb
