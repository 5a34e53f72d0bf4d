// The parts of the program that is /init in the virtual machines of run.sh. Each says how many cases it ran
// and how many of them went wrong, and prints a line about it.
#pragma once

#include <cstdint>

namespace ebb::vm {

struct outcome {
  std::uint64_t cases = 0;
  std::uint64_t bad = 0;
  outcome& operator+=(const outcome& other) {
    cases += other.cases;
    bad += other.bad;
    return *this;
  }
};

// Every section does what fallback.hpp says, under ids that are made up.
outcome check_sections();

// A breakpoint at every instruction of pop and push, where the signal handler does something hostile.
// `levels` is 1, or 2: the handler sets a second breakpoint. `boundaries`: the file with the instructions'
// addresses.
outcome walk(const char* boundaries, int levels);

// Two threads on one CPU: a section must not see what the other one did while it was in it.
outcome check_preemption();

// Threads that get and put, cycles, fences, and a CPU that goes away and comes back (where `hotplug`).
outcome stress(bool hotplug);

void run_on_cpu(unsigned cpu);

}  // namespace ebb::vm
