// What a program does to be counted by ebb_step.
#pragma once

namespace bench {

// Every second one ends a stretch that is counted. For the main thread of a program under ebb_step only:
// elsewhere the trap ends the process.
inline void marker() {
#if defined(__x86_64__)
  asm volatile("int3" : : : "memory");
#else
  __builtin_trap();  // ebb_step says that it does not count here
#endif
}

// Prepares the calling thread for being stepped, for good: keeps it on this CPU and takes it out of rseq.
// Does nothing of the latter where rseq is not registered. Throws std::system_error.
void stand_still();

}  // namespace bench
