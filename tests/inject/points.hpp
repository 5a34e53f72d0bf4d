// What injection.txt puts into a copy of the library refers to this; the compiler includes it first.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

// Iterations that each critical section of this thread spends in a loop once it has read its bank (early)
// and just before it commits (late), and what is left of them in the section that runs. Every abort halves
// them, so that a section longer than the time between two interruptions ends after all.
extern "C" {
extern thread_local constinit std::uint32_t ebb_inject_early;
extern thread_local constinit std::uint32_t ebb_inject_late;
extern thread_local constinit std::uint32_t ebb_inject_early_left;
extern thread_local constinit std::uint32_t ebb_inject_late_left;
// Where the next section of this thread runs into a breakpoint: 1 once it has read its bank, 2 just before
// it commits, 0 nowhere. The handler of SIGTRAP sets it anew.
extern thread_local constinit std::uint32_t ebb_inject_trap;
extern std::uint64_t ebb_inject_aborts;  // sections that the kernel sent back to their start
}

// Inside the sections; a section has one register to spare, and that only before it knows its shard.
#define EBB_INJECT_ARM                                 \
  "movl %%fs:ebb_inject_early@tpoff, %k[shard]\n"      \
  "movl %k[shard], %%fs:ebb_inject_early_left@tpoff\n" \
  "movl %%fs:ebb_inject_late@tpoff, %k[shard]\n"       \
  "movl %k[shard], %%fs:ebb_inject_late_left@tpoff\n"
#define EBB_INJECT_LOOP(left) "8: decl %%fs:" left "@tpoff\n jg 8b\n"
#define EBB_INJECT_TRAP(where) "cmpl $" where ", %%fs:ebb_inject_trap@tpoff\n jne 9f\n int3\n 9:\n"
#define EBB_INJECT_EARLY EBB_INJECT_LOOP("ebb_inject_early_left") EBB_INJECT_TRAP("1")
#define EBB_INJECT_LATE EBB_INJECT_LOOP("ebb_inject_late_left") EBB_INJECT_TRAP("2")
#define EBB_INJECT_ABORTED               \
  "lock incq ebb_inject_aborts(%%rip)\n" \
  "shrl %%fs:ebb_inject_early@tpoff\n"   \
  "shrl %%fs:ebb_inject_late@tpoff\n"

namespace inject {

// Between two steps of a slow path: yields, or stands still for some cycles, as often as the thread's
// setting says.
void point() noexcept;

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t page_up(std::size_t bytes) { return (bytes + page_bytes - 1) & ~(page_bytes - 1); }

// The pages from the one `begin` is on.
inline void protect(void* begin, std::size_t bytes, int protection) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(begin);
  void* const page = reinterpret_cast<void*>(at & ~(page_bytes - 1));
  // When the kernel has no more mappings for us, a page that should be read-only stays writable.
  (void)::mprotect(page, page_up(bytes + at % page_bytes), protection);
}
inline void read_only(void* begin, std::size_t bytes) noexcept { protect(begin, bytes, PROT_READ); }
inline void writable(void* begin, std::size_t bytes) noexcept {
  protect(begin, bytes, PROT_READ | PROT_WRITE);
}

}  // namespace inject
