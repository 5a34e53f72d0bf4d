// Breakpoints in this program's own code, one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ebb::walk {

using code = volatile unsigned char;

// Where an instruction begins (boundaries.py).
struct boundary {
  code* at = nullptr;
  bool is_landing = false;
  std::string text;
  long offset = 0;
  bool hit = false;
};

// A restartable sequence as the kernel sees it (struct rseq_cs).
struct section {
  std::uint32_t version;
  std::uint32_t flags;
  std::uint64_t start;
  std::uint64_t bytes;
  std::uint64_t landing;
  // The kernel looks at the address behind the breakpoint's one byte.
  [[nodiscard]] bool restarts_at(code* at) const noexcept {
    return reinterpret_cast<std::uint64_t>(at) + 1 - start < bytes;
  }
};

// The boundaries of `function`, whose first is at `start`. Makes their memory writable. Stops the program
// if the list is not there, or does not agree with the sections' descriptors.
std::vector<boundary> read_boundaries(const char* list, const std::string& function, const void* start);

// The section that is restarted when it is interrupted there, or null.
const section* section_at(code* at) noexcept;

// Arms the breakpoint; what is hit then is up to the handler of stop_at(). At most one is armed.
void arm(code* at) noexcept;
void disarm() noexcept;

// A breakpoint stops the first round of a loop only: in a section it can be hit once. This stops in a later
// one, at the first access to element `round` of the memory it returns, once it is armed. Round 0: never.
void** lay_tripwire(unsigned round) noexcept;
void arm_tripwire() noexcept;
void disarm_tripwire() noexcept;

// What is called when a breakpoint or the tripwire is hit, with it already taken away: where it was
// (tripwire: null), and whether the kernel restarted the section that was interrupted there. It may arm the
// next.
using stop_handler = void (*)(code* at, bool restarted) noexcept;
// Also installs what tells hangs and crashes apart from all else: exit codes 3 and 4. `describe` writes one
// line about the case in progress.
void watch(stop_handler on_stop, void (*describe)() noexcept);

// For the watch: the program gets on. A walked function that runs for a second of CPU time hangs.
void next_case() noexcept;

}  // namespace ebb::walk
