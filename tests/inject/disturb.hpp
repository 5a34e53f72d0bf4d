// What comes between a thread and its operation: yields, signals, freezes, fences.
#pragma once

#include <signal.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace disturb {

// xorshift64 (Marsaglia 2003), one per thread and one more per handler.
class dice {
 public:
  explicit constexpr dice(std::uint64_t seed) noexcept : state_(0x9e3779b97f4a7c15u * (seed + 1)) {}
  constexpr std::uint32_t roll(std::uint32_t sides) noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(state_ >> 32) % sides;
  }

 private:
  std::uint64_t state_;
};

// How often this thread yields at a point, stands still there, and sets a trap for its next section.
struct chances {
  std::uint32_t yield_percent = 0;
  std::uint32_t freeze_one_in = 0;  // 0: never
  std::uint32_t trap_one_in = 0;    // 0: never
  bool in_handler = false;
  dice luck{0};
};
extern thread_local constinit chances mine;

inline std::atomic<std::uint64_t> cycles_seen{0};  // raised by whoever collects
inline std::atomic<std::uint64_t> freezes{0};
inline std::atomic<std::uint64_t> signals{0};
inline std::atomic<bool> stop{false};

// Stands still until four cycles have passed.
void freeze() noexcept;
void at_point() noexcept;

// While it lives the calling thread gets SIGUSR2 every `us` microseconds; 0: never.
class thread_timer {
 public:
  explicit thread_timer(std::uint32_t us);
  ~thread_timer();
  thread_timer(const thread_timer&) = delete;
  thread_timer& operator=(const thread_timer&) = delete;

 private:
  timer_t timer_{};
  bool runs_ = false;
};

// Until stop: makes every section of the process that runs start again.
void flood_with_fences() noexcept;

// Ends the program as failed, from wherever it is.
[[noreturn]] void fail(const char* what) noexcept;
void name_setting(const char* name) noexcept;  // for fail(); null: none yet
// SIGSEGV, SIGBUS, SIGABRT, SIGILL and SIGALRM fail, and SIGUSR2 and SIGTRAP run `handler`.
void install_handlers(void (*handler)(int)) noexcept;

}  // namespace disturb
