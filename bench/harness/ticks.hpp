// The cheapest clock for single operations.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {

// A clock that counts in units of its own; ns_per_tick() says how long one is.
inline std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// The same clock, read when everything before has been done and before anything after it begins: for
// operations that are shorter than what a CPU has in flight.
inline std::uint64_t ticks_in_order() {
#if defined(__x86_64__)
  _mm_lfence();
  const std::uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
#else
  return ticks();  // Linux reads the counter in order by itself
#endif
}

// Measured against steady_clock; takes 20 ms.
inline double ns_per_tick() {
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  const std::uint64_t first = ticks();
  while (clock::now() - start < std::chrono::milliseconds{20}) {}
  const std::uint64_t last = ticks();
  const std::chrono::duration<double, std::nano> took = clock::now() - start;
  return took.count() / static_cast<double>(last - first);
}

}  // namespace bench
