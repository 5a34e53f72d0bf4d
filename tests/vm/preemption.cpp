// Whether this kernel restarts a section after another thread ran on the same CPU. Signals and migrations
// do not show that: arm64 kernels from 6.19 to 7.0.13 restarted after those, and not after a mere
// preemption.
#include <ebb/detail/percpu/percpu.hpp>

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "guest.hpp"

#if defined(__x86_64__)
#define PROBE_ABORT_SIGNATURE ".byte 0x0f, 0xb9, 0x3d\n.long 0x53053053\n"
#define PROBE_JUMP "jmp"
#define PROBE                        \
  "leaq 3b(%%rip), %[after]\n"       \
  "andq %[mask], %[after]\n"         \
  "movq %[after], %%fs:8(%[area])\n" \
  "1: movq %[turns], %[left]\n"      \
  "movq (%[word]), %[before]\n"      \
  "6: decq %[left]\n"                \
  "jnz 6b\n"                         \
  "movq (%[word]), %[after]\n"       \
  "2:\n"
#else
#define PROBE_ABORT_SIGNATURE ".inst 0xd428bc00\n"
#define PROBE_JUMP "b"
#define PROBE                          \
  "mrs %[left], tpidr_el0\n"           \
  "add %[left], %[left], %[area]\n"    \
  "adrp %[after], 3b\n"                \
  "add %[after], %[after], :lo12:3b\n" \
  "and %[after], %[after], %[mask]\n"  \
  "str %[after], [%[left], 8]\n"       \
  "1: mov %[left], %[turns]\n"         \
  "ldr %[before], [%[word]]\n"         \
  "6: subs %[left], %[left], 1\n"      \
  "b.ne 6b\n"                          \
  "ldr %[after], [%[word]]\n"          \
  "2:\n"
#endif

namespace ebb::vm {
namespace {

enum class seen { nothing, change, abort };

std::atomic<std::uint64_t> word{0};

// A section that looks at `word`, takes its time, and looks again. `mask` 0: the same, but not armed.
[[gnu::noinline]] seen probe(std::uint64_t mask) {
  std::uint64_t before;
  std::uint64_t after;
  std::uint64_t left;
  asm volatile goto(
      ".pushsection __rseq_cs, \"aw\"\n"
      ".balign 32\n"
      "3: .long 0, 0\n"
      ".quad 1f, 2f - 1f, 4f\n"
      ".popsection\n"
      ".pushsection __rseq_failure, \"ax\"\n" PROBE_ABORT_SIGNATURE "4: " PROBE_JUMP
      " %l[aborted]\n"
      ".popsection\n" PROBE
      : [before] "=&r"(before), [after] "=&r"(after), [left] "=&r"(left)
      : [mask] "r"(mask), [area] "r"(detail::percpu::layout.area), [word] "r"(&word),
        [turns] "r"(std::uint64_t{20'000})
      : "memory", "cc"
      : aborted);
  return before == after ? seen::nothing : seen::change;
aborted:
  return seen::abort;
}

struct tally {
  std::uint64_t probes = 0;
  std::uint64_t changes = 0;
  std::uint64_t aborts = 0;
};

// Until `enough` aborts or changes were seen, or half a minute has passed.
tally run(std::uint64_t mask, std::uint64_t enough) {
  tally t;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (t.changes + t.aborts < enough && (t.probes % 16 != 0 || std::chrono::steady_clock::now() < end)) {
    const seen s = probe(mask);
    ++t.probes;
    t.changes += s == seen::change ? 1 : 0;
    t.aborts += s == seen::abort ? 1 : 0;
  }
  return t;
}

}  // namespace

outcome check_preemption() {
  constexpr std::uint64_t enough = 100;
  run_on_cpu(0);
  std::atomic<bool> stop{false};
  std::thread other([&] {  // on the same CPU, which it inherits
    for (std::uint64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      word.store(i, std::memory_order_relaxed);
      if (i % 1024 == 0) (void)sched_yield();
    }
  });
  const tally control = run(0, enough);
  const tally armed = run(~std::uint64_t{0}, enough);
  stop = true;
  other.join();
  std::printf("vm: preemption probes %lu aborts %lu violations %lu; control without rseq: violations %lu\n",
              armed.probes, armed.aborts, armed.changes, control.changes);
  const bool blind = control.changes < enough || armed.aborts + armed.changes < enough;
  if (blind) std::printf("vm: preemption: too few threads were preempted to tell\n");
  return {armed.aborts + armed.changes, armed.changes + (blind ? 1 : 0)};
}

}  // namespace ebb::vm
