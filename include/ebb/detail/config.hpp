// Compile-time facts. Every EBB_* macro is 0 or 1 (or an attribute) and is tested with #if, never #ifdef.
#pragma once

// Checked builds: every object's owner is tracked and misuse stops the program with a message.
// A build option of the user's program (CMake: -DEBB_CHECKED=ON); the library serves both.
#ifndef EBB_CHECKED
#define EBB_CHECKED 0
#endif

// The model checker's builds (tests/model/): atomics, mutexes and widths come from there. Never for users.
#ifndef EBB_MODEL
#define EBB_MODEL 0
#endif

#if defined(__SANITIZE_THREAD__)
#define EBB_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EBB_TSAN 1
#endif
#endif
#ifndef EBB_TSAN
#define EBB_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define EBB_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EBB_ASAN 1
#endif
#endif
#ifndef EBB_ASAN
#define EBB_ASAN 0
#endif

// Whether this compiler can emit critical sections for this target. ThreadSanitizer cannot see into
// them and would report every object they carry, so its builds take the portable path.
#ifndef EBB_HAS_RSEQ
#if (defined(__x86_64__) || defined(__aarch64__)) && defined(__LP64__) && defined(__linux__) && !EBB_TSAN
#define EBB_HAS_RSEQ 1
#else
#define EBB_HAS_RSEQ 0
#endif
#endif

// The shared library is built with hidden visibility; EBB_API marks what users link against.
#define EBB_API __attribute__((visibility("default")))

// A hit path: inlined into the caller, at most 25 lines, no lock, no system call, no allocation.
#define EBB_FAST_PATH __attribute__((always_inline)) inline

// What a hit path may call but should not carry: user code, and what follows a miss.
#define EBB_SLOW_PATH __attribute__((noinline))

namespace ebb::detail {

inline constexpr bool checked_build = EBB_CHECKED != 0;
inline constexpr bool asan_build = EBB_ASAN != 0;
inline constexpr bool rseq_build = EBB_HAS_RSEQ != 0;

}  // namespace ebb::detail
