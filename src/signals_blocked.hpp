// Threads of the library's own leave signals to those of the program.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace ebb::detail {

// While it lives the calling thread blocks all signals, and threads that it starts begin that way.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    ::sigset_t all;
    (void)::sigfillset(&all);
    (void)::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  ::sigset_t before_{};
};

}  // namespace ebb::detail
