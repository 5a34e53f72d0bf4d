// The two halves of ebb_pauses.
#pragma once

#include "harness/json_line.hpp"

namespace bench {

inline constexpr unsigned busy_threads = 4;

// How long collect() takes while busy_threads threads get and put, over `calls` calls.
// collect_durations.cpp
void measure_collect(unsigned calls, json_line& out);

// How long single get+put pairs take while cycles run every millisecond and while none run, in `blocks`
// blocks of each. user_latency.cpp
void measure_users(unsigned blocks, json_line& out);

}  // namespace bench
