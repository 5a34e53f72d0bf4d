// What the scheduler did to the calling thread, to tell a pause of the library from a wait for a CPU.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

namespace bench {

// How long the thread that made this has waited for a CPU while it was ready to run.
class run_queue_wait {
 public:
  run_queue_wait() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}
  ~run_queue_wait() {
    if (file_ >= 0) ::close(file_);
  }
  run_queue_wait(const run_queue_wait&) = delete;
  run_queue_wait& operator=(const run_queue_wait&) = delete;

  [[nodiscard]] bool known() const { return file_ >= 0; }

  // Nanoseconds since the thread began; 0 when the kernel does not tell.
  [[nodiscard]] double ns() const {
    char text[96] = {};
    if (::pread(file_, text, sizeof text - 1, 0) <= 0) return 0;
    char* second = nullptr;
    (void)std::strtoull(text, &second, 10);  // first comes the time on a CPU
    return static_cast<double>(std::strtoull(second, nullptr, 10));
  }

 private:
  int file_;
};

inline std::chrono::nanoseconds thread_cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

// Uses the CPU for as long, however often the scheduler takes it away: a control for work of that length.
inline void burn(std::chrono::nanoseconds duration) {
  const auto end = thread_cpu_time() + duration;
  while (thread_cpu_time() < end) {}
}

}  // namespace bench
