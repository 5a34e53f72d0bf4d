// ebb_step COMMAND [ARGS...]: runs a program and counts what its main thread executes between markers
// (marker.hpp), instruction by instruction. Prints a line of JSON for each stretch when the program is
// done. Unlike callgrind it counts a real run, with the paths for rseq (stand_still.cpp says how); unlike
// perf it needs no counters of the CPU, and it sees which instructions they are.
#include <cstdio>

#if defined(__x86_64__)

#include <cinttypes>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "tracee.hpp"

namespace {

using bench::instruction_kind;
using bench::tracee;

struct counts {
  std::uint64_t instructions = 0;
  std::uint64_t atomics = 0;  // atomic read-modify-writes
  std::uint64_t fences = 0;
  std::uint64_t syscalls = 0;

  void add(instruction_kind kind) {
    ++instructions;
    if (kind == instruction_kind::atomic) ++atomics;
    if (kind == instruction_kind::fence) ++fences;
    if (kind == instruction_kind::syscall) ++syscalls;
  }
  void print() const {
    std::printf("{\"instructions\":%" PRIu64 ",\"atomics\":%" PRIu64 ",\"fences\":%" PRIu64
                ",\"syscalls\":%" PRIu64 "}\n",
                instructions, atomics, fences, syscalls);
  }
};

counts count_to_marker(tracee& program) {
  if (program.in_rseq())
    throw std::runtime_error("the program must call stand_still() before its first marker");
  counts total;
  std::uint64_t previous = 0;
  for (;;) {
    const std::uint64_t address = program.instruction_pointer();
    const instruction_kind kind = bench::kind_of(program.code_at(address));
    switch (program.resume(PTRACE_SINGLESTEP)) {
      case tracee::stop::marker: return total;
      case tracee::stop::ended:
        throw std::runtime_error("the program ended between two markers, " + program.how_it_ended());
      case tracee::stop::other: break;
    }
    // An instruction that follows itself is a `rep` one, which traps after each repetition.
    if (address != previous) total.add(kind);
    previous = address;
  }
}

bool run_to_marker(tracee& program) {
  auto stop = tracee::stop::other;
  while (stop == tracee::stop::other) stop = program.resume(PTRACE_CONT);
  return stop == tracee::stop::marker;
}

std::vector<counts> count_stretches(char** command) {
  tracee program(command);
  std::vector<counts> stretches;
  while (run_to_marker(program)) stretches.push_back(count_to_marker(program));
  if (!program.succeeded()) throw std::runtime_error("the program failed, " + program.how_it_ended());
  if (stretches.empty()) throw std::runtime_error("the program has no markers");
  return stretches;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: ebb_step COMMAND [ARGS...]\n", stderr);
    return 2;
  }
  try {
    for (const counts& stretch : count_stretches(argv + 1)) stretch.print();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ebb_step: %s\n", e.what());
    return 2;
  }
}

#else

int main() {
  std::fputs("ebb_step: this works on x86-64 only\n", stderr);
  return 2;
}

#endif
