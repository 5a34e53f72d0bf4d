#include "disturb.hpp"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace disturb {

thread_local constinit chances mine{};

namespace {

std::atomic<const char*> setting{nullptr};

void say(const char* text) noexcept { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

void crashed(int signal) {
  fail(signal == SIGALRM ? "no progress: threads did not end within 30 s"
       : signal == SIGSEGV
           ? "SIGSEGV: something wrote to retired memory, or followed a pointer that is none"
           : "SIGABRT, SIGBUS or SIGILL");
}

}  // namespace

void freeze() noexcept {
  freezes.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t until = cycles_seen.load(std::memory_order_relaxed) + 4;
  const timespec nap{0, 20'000};
  while (cycles_seen.load(std::memory_order_relaxed) < until && !stop.load(std::memory_order_relaxed)) {
    (void)::nanosleep(&nap, nullptr);
  }
}

void at_point() noexcept {
  if (mine.yield_percent != 0 && mine.luck.roll(100) < mine.yield_percent) (void)::sched_yield();
  if (mine.freeze_one_in != 0 && mine.luck.roll(mine.freeze_one_in) == 0) freeze();
}

thread_timer::thread_timer(std::uint32_t us) : runs_(us != 0) {
  if (!runs_) return;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR2;
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) fail("timer_create");
  const timespec every{0, static_cast<long>(us) * 1000};
  const itimerspec times{every, every};
  if (::timer_settime(timer_, 0, &times, nullptr) != 0) fail("timer_settime");
}

thread_timer::~thread_timer() {
  if (runs_) (void)::timer_delete(timer_);
}

void flood_with_fences() noexcept {
  while (!stop.load(std::memory_order_relaxed)) {
    if (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0) != 0) return;
  }
}

void name_setting(const char* name) noexcept { setting.store(name); }

void fail(const char* what) noexcept {
  static std::atomic<pid_t> who{0};
  pid_t nobody = 0;
  if (!who.compare_exchange_strong(nobody, ::gettid())) {
    if (nobody == ::gettid()) ::_exit(1);  // a handler, in the middle of saying it
    for (;;) (void)::pause();              // another thread was first, and ends us all
  }
  const char* const name = setting.load();
  say("FAILED: ");
  if (name != nullptr) {
    say(name);
    say(": ");
  }
  say(what);
  say("\n");
  ::_exit(1);
}

void install_handlers(void (*handler)(int)) noexcept {
  struct sigaction action {};
  action.sa_handler = crashed;
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGALRM}) {
    (void)::sigaction(signal, &action, nullptr);
  }
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  // Neither nests in itself or in the other: a handler's own sections run without injection.
  (void)::sigaddset(&action.sa_mask, SIGUSR2);
  (void)::sigaddset(&action.sa_mask, SIGTRAP);
  (void)::sigaction(SIGUSR2, &action, nullptr);
  (void)::sigaction(SIGTRAP, &action, nullptr);
}

}  // namespace disturb
