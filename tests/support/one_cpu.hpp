// One CPU, so one shard: for tests that count how many objects were made, or want a certain one back. What
// is loaded in another shard is out of reach, and a busy machine moves a thread at any time.
#pragma once

#include <sched.h>

#include <ebb/detail/percpu/fallback.hpp>
#include <support/threads.hpp>

namespace ebb::test {

// Keeps the calling thread, and those it starts, on one CPU while it lives.
class on_one_cpu {
 public:
  on_one_cpu() {
    (void)sched_getaffinity(0, sizeof before_, &before_);
    run_on_cpu(0);
    // Portable path: look again now, or the shard changes when it would have been time, in the middle of a
    // test.
    detail::percpu::fallback::place = {};
  }
  ~on_one_cpu() { (void)sched_setaffinity(0, sizeof before_, &before_); }
  on_one_cpu(const on_one_cpu&) = delete;
  on_one_cpu& operator=(const on_one_cpu&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace ebb::test
