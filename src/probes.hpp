// Where a tracer can look into a program that runs: USDT probes of the provider `ebbpool`, for bpftrace,
// perf, gdb and SystemTap. docs/probes.md lists them, and unit.probes compares the library with that list.
//
// A probe is a nop, and a note beside the code that says where its arguments are: nobody tests a flag, and
// an argument costs what it takes to have it in a register. So they take only what is at hand or a load
// away, and stand in slow paths alone: misses, steals, what is destroyed, cycles.
#pragma once

#include <cstdint>

#include <ebb/detail/pool_core.hpp>
#include <ebb/eviction.hpp>
#include <ebb/pressure.hpp>

// On where <sys/sdt.h> is (Debian: systemtap-sdt-dev), but for the model checker, which has no use for
// them.
#ifndef EBB_USDT
#if defined(__linux__) && !EBB_MODEL && __has_include(<sys/sdt.h>)
#define EBB_USDT 1
#else
#define EBB_USDT 0
#endif
#endif

#if EBB_USDT
// Offered memory, clang stores every argument on the stack first.
#if defined(__clang__) && !defined(STAP_SDT_ARG_CONSTRAINT)
#define STAP_SDT_ARG_CONSTRAINT nr  // NOLINT(readability-identifier-naming): the header's name
#endif
#include <sys/sdt.h>
#endif

namespace ebb::detail::probes {

// Of a get before the pool's first put.
inline constexpr std::int32_t no_shard = -1;

#if EBB_USDT

// always_inline: see pool_state::steal_from().

// Gets that found nothing idle.
[[gnu::always_inline]] inline void miss(const pool_core& core, std::int32_t shard,
                                        std::uint64_t gets) noexcept {
  STAP_PROBE4(ebbpool, miss, core.name().c_str(), shard, gets, core.traits().bytes);
}

// A magazine came out of another shard's depot, of the local bank or of the victim.
[[gnu::always_inline]] inline void steal(const pool_core& core, std::uint32_t to, std::uint32_t from,
                                         std::uint32_t objects, bool is_victim) noexcept {
  STAP_PROBE5(ebbpool, steal, core.name().c_str(), static_cast<std::int32_t>(to),
              static_cast<std::int32_t>(from), objects, static_cast<std::uint32_t>(is_victim));
}

// Objects are about to be destroyed. `bytes` is what they count for under a budget.
[[gnu::always_inline]] inline void drop(const pool_core& core, eviction_reason why, std::uint64_t objects,
                                        std::uint64_t bytes) noexcept {
  STAP_PROBE5(ebbpool, drop, core.name().c_str(), static_cast<std::uint32_t>(why), to_string(why), objects,
              bytes);
}

// `pool` is the name of the one that is drained, "" for all.
[[gnu::always_inline]] inline void cycle_begin(const char* pool, eviction_reason why) noexcept {
  STAP_PROBE3(ebbpool, cycle_begin, pool, static_cast<std::uint32_t>(why), to_string(why));
}

// The same thread, after all destructors.
[[gnu::always_inline]] inline void cycle_end(const char* pool, eviction_reason why, std::uint64_t objects,
                                             std::uint64_t bytes) noexcept {
  STAP_PROBE5(ebbpool, cycle_end, pool, static_cast<std::uint32_t>(why), to_string(why), objects, bytes);
}

// Between the two: a fence was refused, and all is as it was before.
[[gnu::always_inline]] inline void cycle_abandoned(eviction_reason why) noexcept {
  STAP_PROBE2(ebbpool, cycle_abandoned, static_cast<std::uint32_t>(why), to_string(why));
}

// The level of memory pressure in force.
[[gnu::always_inline]] inline void level_changed(pressure_level before, pressure_level now) noexcept {
  STAP_PROBE4(ebbpool, level_changed, static_cast<std::uint32_t>(before), to_string(before),
              static_cast<std::uint32_t>(now), to_string(now));
}

#else

inline void miss(const pool_core&, std::int32_t, std::uint64_t) noexcept {}
inline void steal(const pool_core&, std::uint32_t, std::uint32_t, std::uint32_t, bool) noexcept {}
inline void drop(const pool_core&, eviction_reason, std::uint64_t, std::uint64_t) noexcept {}
inline void cycle_begin(const char*, eviction_reason) noexcept {}
inline void cycle_end(const char*, eviction_reason, std::uint64_t, std::uint64_t) noexcept {}
inline void cycle_abandoned(eviction_reason) noexcept {}
inline void level_changed(pressure_level, pressure_level) noexcept {}

#endif

}  // namespace ebb::detail::probes
