// jumps N: a signal handler that interrupted the hit of a get or put jumps out of it with siglongjmp, N
// times. The kernel has aborted the section by then, so it happened or it did not: after each jump every
// token is in the pool once, or in the hands of the one operation that was interrupted. Misses are not
// jumped out of: they may hold what nobody would give back.
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstring>

#include <ebb/runtime_info.hpp>

#include "tokens.hpp"

// The linker marks the ends of sections whose names C could spell.
extern "C" const char __start_ebb_hits[], __stop_ebb_hits[];
extern "C" const char __start___rseq_failure[], __stop___rseq_failure[];

namespace {

using ebb::test::token;
using ebb::test::wrong;

constexpr std::size_t count = 8;

sigjmp_buf landing;
volatile sig_atomic_t armed = 0;
volatile long jumps = 0;
volatile long jumps_from_aborted = 0;

bool within(const char* begin, const char* at, const char* end) { return begin <= at && at < end; }

// Whether the interrupted operation is a hit of hit(), below: it stands there, or at the jump back to there
// where the kernel has put a section that it aborted.
bool in_hit(const char* at) {
  if (within(__start_ebb_hits, at, __stop_ebb_hits)) return true;
  if (!within(__start___rseq_failure, at, __stop___rseq_failure) ||
      static_cast<unsigned char>(*at) != 0xe9) {
    return false;
  }
  std::int32_t distance = 0;
  std::memcpy(&distance, at + 1, sizeof distance);
  if (!within(__start_ebb_hits, at + 5 + distance, __stop_ebb_hits)) return false;
  jumps_from_aborted = jumps_from_aborted + 1;
  return true;
}

void handler(int, siginfo_t*, void* context) {
  const greg_t* const r = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  if (armed == 0 || !in_hit(reinterpret_cast<const char*>(r[REG_RIP]))) return;
  armed = 0;
  jumps = jumps + 1;
  siglongjmp(landing, 1);
}

// Hits, inlined here; their misses are elsewhere.
__attribute__((noinline, section("ebb_hits"))) void hit(ebb::object_pool<token>& pool) {
  for (;;) {
    ebb::pooled<token> a = pool.try_get();
    ebb::pooled<token> b = pool.try_get();
    b.reset();
  }
}

void start_timer() {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  (void)sigaction(SIGUSR1, &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  timer_t timer{};
  const itimerspec every{{0, 20'000}, {0, 20'000}};
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &every, nullptr) != 0) {
    wrong("no timer");
  }
}

// Takes all that is idle, each at most once; what is missing was in the hands of hit(): at most two.
void check(ebb::object_pool<token>& pool, token* (&all)[count]) {
  bool seen[count] = {};
  std::size_t found = 0;
  ebb::collect();
  while (ebb::pooled<token> one = pool.try_get()) {
    one->take();
    const auto id = static_cast<std::size_t>(one->id());
    if (id >= count || one.get() != all[id]) wrong("what came out was never put in");
    seen[id] = true;
    ++found;
    (void)std::move(one).detach().release();
  }
  if (found + 2 < count) wrong("%zu tokens lost by one jump", count - found);
  for (std::size_t i = 0; i < count; ++i) {
    if (!seen[i]) all[i]->take();
    all[i]->give();
    pool.put(std::unique_ptr<token>(all[i]));
  }
}

}  // namespace

int main(int argc, char** argv) {
  long wanted = 0;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), wanted).ec != std::errc{} ||
      wanted < 1) {
    std::fputs("jumps: the one argument is how many\n", stderr);
    return 2;
  }
  if (ebb::runtime_info().path != ebb::access_path::rseq) {
    std::puts("0 jumps: the portable path promises nothing to handlers that do not return");
    return 0;
  }
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  static ebb::object_pool<token> pool;
  static token* all[count];
  for (token*& t : all) t = std::make_unique<token>().release();
  for (token* t : all) pool.put(std::unique_ptr<token>(t));
  start_timer();
  while (jumps < wanted) {
    if (sigsetjmp(landing, 1) == 0) {
      armed = 1;
      hit(pool);
    }
    check(pool, all);
  }
  std::printf("%ld jumps, %ld out of aborted sections\n", jumps, jumps_from_aborted);
}
