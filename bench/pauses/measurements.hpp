// What ebb_pauses measures.
#pragma once

#include "harness/json_line.hpp"

namespace bench {

inline constexpr unsigned busy_threads = 4;

// How long collect() takes while busy_threads threads get and put, over `calls` calls.
// collect_durations.cpp
void measure_collect(unsigned calls, json_line& out);

// How long malloc_trim(0) takes after a pool has destroyed 64 MiB and 1 GiB of objects, over `calls` of
// each; nothing where the C library is not glibc.  trim_durations.cpp
void measure_trim(unsigned calls, json_line& out);

// How long collect() and drain_all() take for each of 100, 1,000 and 10,000 quiet pools with one object,
// over `calls` of each.  pool_counts.cpp
void measure_pool_counts(unsigned calls, json_line& out);

}  // namespace bench
