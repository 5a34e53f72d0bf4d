// What the checker's own files share. Everything here belongs to one process and one scenario.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

#include "checker.hpp"
#include "model/steps.hpp"

namespace ebb::model {

// --- time ---------------------------------------------------------------------------------------------
// What a thread knows: of each thread, all events up to this epoch. A thread's own epoch rises whenever it
// has told others, so "event e of thread u happened before here" is e <= knows[u].
using epoch = std::uint16_t;
struct clock {
  std::array<epoch, max_threads> knows{};
  void learn(const clock& other) noexcept {
    for (int i = 0; i < max_threads; ++i) {
      if (other.knows[i] > knows[i]) knows[i] = other.knows[i];
    }
  }
};

// --- memory (memory.cpp) ------------------------------------------------------------------------------
struct stored {
  std::uint64_t value = 0;
  clock tells;            // what an acquire load of it learns
  bool has_told = false;  // it is in a release sequence
};

// One address that atomic or plain operations used; the newest value is in real memory. Entries stay for
// the whole scenario, their contents for one execution.
struct location {
  std::uintptr_t address = 0;
  std::uint64_t execution = 0;
  std::uint64_t undo_execution = 0;
  // Of all executions.
  std::uint8_t used_by = 0;     // bit per thread
  std::uint8_t written_by = 0;  // bit per thread
  bool shared = false;
  bool quiet = false;
  std::uint32_t mapping_version = 0;  // of which...
  std::uint8_t known_mapped_to = 0;  // ...these threads may use it: a bit for plain, another for atomic use
  // Of this execution.
  std::vector<stored> history;  // in modification order; empty until the first atomic operation
  struct sight {
    epoch when;
    std::uint16_t index;
  };
  // Which entry of `history` each thread has seen or written when; both rise.
  std::array<std::vector<sight>, max_threads> seen;
  int plain_writer = -1;
  epoch plain_written = 0;
  std::array<epoch, max_threads> plain_read{};
  std::array<epoch, max_threads> atomic_read{};
  std::array<epoch, max_threads> atomic_written{};
};

location& location_of(const void* at);
// Before memory changes: its old contents come back after the execution.
void note_old_contents(const void* at, std::size_t bytes);
void restore_memory();
void forget_learning();
[[nodiscard]] bool something_new_is_shared() noexcept;
void plain_access(const void* at, std::size_t bytes, bool is_write, const void* caller);

// Memory from the kernel, and from new, as the scenario sees them (kernel.cpp).
void* map(std::size_t bytes);
void unmap(void* at);
void* allocate(std::size_t bytes, std::size_t alignment);
[[nodiscard]] bool deallocate(void* at);
void check_mapped(const void* at, bool is_plain);
inline std::uint32_t mapping_version = 1;  // rises with each execution and when memory goes
void restore_mappings();
void remember_mappings();

// --- threads (schedule.cpp) -----------------------------------------------------------------------------
enum class phase { setting_up, running, ending };
inline phase now = phase::setting_up;
inline std::uint64_t execution = 0;  // counts all of the process, never repeats

inline int current = -1;               // the running thread
inline clock* current_time = nullptr;  // and what it knows
[[nodiscard]] inline int this_thread() noexcept { return current; }
[[nodiscard]] inline clock& my_clock() noexcept { return *current_time; }
// The running thread takes a step that others may notice: here somebody else may go first.
void before_step();
// Whether a load may still see an old value in this execution; counts it if so.
[[nodiscard]] bool may_see_old() noexcept;
void saw_old() noexcept;
// One of `n`, the first one first.
[[nodiscard]] unsigned choose(unsigned n);
[[nodiscard]] bool on_a_fiber_stack(const void* at) noexcept;
[[nodiscard]] bool is_local_to_each_thread(const void* at) noexcept;

// --- traces (trace.cpp)
// -----------------------------------------------------------------------------------
inline bool tracing = false;
// What a step did, for the reader of a failing schedule.
void trace(const char* what, const void* at, std::uint64_t value, order o, place p,
           const char* remark = "");
void trace_switch(int from, int to, bool preempted);
[[nodiscard]] bool is_named(const void* at) noexcept;

}  // namespace ebb::model
