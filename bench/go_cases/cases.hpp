// Cases of sync.Pool's own benchmarks, and of bytebufferpool, on ebbpool, as Go runs them. bench/go has the
// same for Go.
#pragma once

#include "harness/json_line.hpp"
#include "parallel.hpp"

namespace bench::go {

// What Go's benchmarks put is a pointer to one word.
struct boxed {
  long value = 1;
};

void pool_stw(unsigned threads, const amount& wanted, json_line& out);            // stw.cpp
void pool_expensive_new(unsigned threads, const amount& wanted, json_line& out);  // expensive_new.cpp
void byte_buffer_16(unsigned threads, const amount& wanted, json_line& out);      // byte_buffers.cpp
void byte_buffer_1k(unsigned threads, const amount& wanted, json_line& out);      // byte_buffers.cpp

}  // namespace bench::go
