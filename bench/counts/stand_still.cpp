// Each step stops the thread, and whom the kernel stops inside a restartable sequence it sends back to the
// sequence's start: stepped, no thread would ever reach the end of one. And whenever a thread goes on, the
// kernel may give it another concurrency id, and with that an emptier part of a pool. Neither happens to a
// thread that is not registered, so it leaves: its sequences then run to their end like any other code.
//
// The count does not change by that. A sequence that nobody interrupts executes the same instructions; the
// kernel does its part outside the program. Leaving resets the ids in the rseq area (cpu_id to -1, which is
// an index into nowhere for a pool by CPU, and makes glibc's sched_getcpu() take another path). So what the
// area said is put back, and stays true: the thread cannot move to another CPU.
//
// Nothing protects the thread now: no other may use the pools, not even a collector.
#include <linux/rseq.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

#include "marker.hpp"

// glibc 2.35 and later.
extern "C" {
__attribute__((weak)) extern const std::ptrdiff_t __rseq_offset;
__attribute__((weak)) extern const unsigned int __rseq_size;
}

namespace bench {

namespace {

// What glibc registers: the first version of struct rseq, and with an x86 instruction as signature.
constexpr std::size_t area_bytes = 32;
constexpr unsigned signature = 0x53053053;

void check(long result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

void stay_on_this_cpu() {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &here);
  check(sched_setaffinity(0, sizeof here, &here), "sched_setaffinity");
}

void leave_rseq() {
  if (&__rseq_size == nullptr || __rseq_size == 0) return;
  char* const area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
  char before[area_bytes];
  std::memcpy(before, area, area_bytes);
  check(syscall(SYS_rseq, area, area_bytes, RSEQ_FLAG_UNREGISTER, signature), "leaving rseq");
  std::memcpy(area, before, area_bytes);
}

}  // namespace

void stand_still() {
  stay_on_this_cpu();
  leave_rseq();
}

}  // namespace bench
