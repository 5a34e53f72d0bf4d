// One CPU, so one shard: for tests that count how many objects were made.
#pragma once

#include <sched.h>

#include <support/threads.hpp>

namespace ebb::test {

// Keeps the calling thread, and those it starts, on one CPU while it lives.
class on_one_cpu {
 public:
  on_one_cpu() {
    (void)sched_getaffinity(0, sizeof before_, &before_);
    run_on_cpu(0);
  }
  ~on_one_cpu() { (void)sched_setaffinity(0, sizeof before_, &before_); }
  on_one_cpu(const on_one_cpu&) = delete;
  on_one_cpu& operator=(const on_one_cpu&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace ebb::test
