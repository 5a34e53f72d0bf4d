// What scenarios are written with.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <set>

#include <ebb/detail/atomics.hpp>
#include <model/mutex.hpp>

#include "scenario.hpp"

namespace ebb::model {

inline void report(const result& r) {
  std::printf("%9llu executions, bound %d", static_cast<unsigned long long>(r.executions), options().bound);
  if (options().most_old < 1000) std::printf(", %d old values", options().most_old);
  std::puts(" exhausted");
}

}  // namespace ebb::model
