// late HOW: a sandbox closes around pools that are warm and in use: membarrier worked when the library
// looked, and is refused from now on. Cycles must be abandoned whole: nothing lost, nothing destroyed,
// users go on.
//
//   HOW  EPERM, ENOSYS or ENOMEM: every call fails with it. slow: with ENOMEM, after a while, as where the
//        kernel first looks for memory. sometimes: the same, but only
//        one call in three.
#include <signal.h>
#include <ucontext.h>

#include <cstring>
#include <thread>

#include <ebb/runtime_info.hpp>

#include "../lifecycle/tokens.hpp"
#include "refuse.hpp"

namespace {

using ebb::test::token;
using ebb::test::wrong;

constexpr int user_count = 4;
constexpr int most_held = 70;

struct alignas(64) user {
  std::atomic<long> rounds{0};
  std::thread thread;
};

void use(ebb::object_pool<token>& pool, user& me, const std::atomic<bool>& stop) {
  ebb::pooled<token> held[most_held];
  for (int round = 0; !stop.load(std::memory_order_relaxed); ++round) {
    const int count = 1 + round % most_held;
    for (int i = 0; i < count; ++i) (held[i] = pool.get())->take();
    for (int i = 0; i < count; ++i) {
      held[i]->give();
      held[i].reset();
    }
    me.rounds.fetch_add(1, std::memory_order_relaxed);
  }
}

// Cycles until every user has done `rounds` more, and at least `cycles`; returns how many cycles that were.
std::uint64_t run_cycles(const ebb::object_pool<token>& pool, const user (&users)[user_count],
                         std::uint64_t cycles, long rounds) {
  long until[user_count];
  for (int i = 0; i < user_count; ++i) until[i] = users[i].rounds + rounds;
  std::uint64_t done = 0;
  for (int i = 0; i < user_count;) {
    const std::uint64_t abandoned = ebb::runtime_info().cycles_abandoned;
    const std::uint64_t destroyed = pool.stats().destroyed();
    ebb::collect();
    if (ebb::runtime_info().cycles_abandoned != abandoned && pool.stats().destroyed() != destroyed) {
      wrong("%lu objects destroyed by a cycle that was abandoned", pool.stats().destroyed() - destroyed);
    }
    ++done;
    if (users[i].rounds >= until[i] && done >= cycles) ++i;
  }
  return done;
}

constexpr std::uint32_t pass = 0x0ebb0ebb;

std::atomic<bool> two_of_three{false};  // succeed

void sigsys(int, siginfo_t*, void* context) {
  static std::atomic<unsigned> calls{0};
  const int saved = errno;
  greg_t* const r = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  if (two_of_three && calls.fetch_add(1) % 3 != 0) {
    r[REG_RAX] = ::syscall(SYS_membarrier, r[REG_RDI], r[REG_RSI], r[REG_RDX], pass) == 0 ? 0 : -errno;
  } else {
    std::this_thread::yield();
    r[REG_RAX] = -ENOMEM;
  }
  errno = saved;
}

// 0: the handler decides; -1: not one of them.
int error_of(const char* how) {
  if (std::strcmp(how, "EPERM") == 0) return EPERM;
  if (std::strcmp(how, "ENOSYS") == 0) return ENOSYS;
  if (std::strcmp(how, "ENOMEM") == 0) return ENOMEM;
  two_of_three = std::strcmp(how, "sometimes") == 0;
  return two_of_three || std::strcmp(how, "slow") == 0 ? 0 : -1;
}

void close_sandbox(int error) {
  struct sigaction action {};
  action.sa_sigaction = sigsys;
  action.sa_flags = SA_SIGINFO;
  (void)sigaction(SIGSYS, &action, nullptr);
  const std::uint32_t answer = error == 0 ? SECCOMP_RET_TRAP : ebb::test::fail_with(error);
  if (const int failed = ebb::test::refuse({{.call = SYS_membarrier, .action = answer}}, pass)) {
    wrong("no filter: %s", std::strerror(failed));
  }
}

void burst(ebb::object_pool<int>& pool, std::size_t count) {
  std::vector<ebb::pooled<int>> some(count);
  pool.get_n(some);
}

// 20 that were used in this cycle, and 80 that were not.
void make_ages(ebb::object_pool<int>& pool) {
  burst(pool, 100);
  ebb::collect();
  burst(pool, 20);
}

// Two cycles, of which the first or both are abandoned: nobody ages in those.
void check_age(ebb::object_pool<int>& pool) {
  const std::uint64_t abandoned = ebb::runtime_info().cycles_abandoned;
  ebb::collect();
  ebb::collect();
  const std::uint64_t whole = 2 - (ebb::runtime_info().cycles_abandoned - abandoned);
  const std::uint64_t expected = whole == 0 ? 0 : whole == 1 ? 80 : 100;
  if (pool.stats().destroyed() != expected) {
    wrong("%lu destroyed by %lu whole cycles", pool.stats().destroyed(), whole);
  }
}

// What users hold at most, as much again that was the victim when cycles ended, and what shards may keep
// out of everybody's reach.
void check_growth(long alive, std::size_t shards) {
  const long bound = 2 * user_count * most_held + static_cast<long>(2 * shards * 62);
  std::printf("%ld tokens of at most %ld\n", alive, bound);
  if (alive > bound) wrong("%ld tokens alive, although at most %ld are needed", alive, bound);
}

}  // namespace

int main(int argc, char** argv) {
  const int error = argc == 2 ? error_of(argv[1]) : -1;
  if (error < 0) {
    std::fputs("late: the one argument is EPERM, ENOSYS, ENOMEM, slow or sometimes\n", stderr);
    return 2;
  }
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  {
    ebb::object_pool<token> pool;
    std::atomic<bool> stop{false};
    user users[user_count];
    for (user& u : users) u.thread = std::thread([&] { use(pool, u, stop); });
    (void)run_cycles(pool, users, 100, 300);
    ebb::object_pool<int> aging{{.max_loaded = 1}};
    make_ages(aging);
    const ebb::runtime_information before = ebb::runtime_info();
    if (before.cycles_abandoned != 0) wrong("a cycle was abandoned before there was a reason");

    close_sandbox(error);
    check_age(aging);
    const std::uint64_t cycles = 2 + run_cycles(pool, users, 200, 1500);

    const ebb::runtime_information after = ebb::runtime_info();
    const std::uint64_t abandoned = after.cycles_abandoned;
    const std::uint64_t expected = after.path != ebb::access_path::rseq ? 0
                                   : two_of_three                       ? (cycles + 1) / 2
                                                                        : cycles;
    if (abandoned != expected || after.cycles != before.cycles + cycles - expected) {
      wrong("%lu cycles, %lu of them abandoned, %lu expected", cycles, abandoned, expected);
    }
    stop = true;
    for (user& u : users) u.thread.join();
    (void)ebb::test::check_books(pool, 0);
    check_growth(token::made - token::destroyed, after.shards);
    std::printf("%lu cycles, %lu abandoned\n", cycles, abandoned);
  }
  if (token::made != token::destroyed)
    wrong("%ld made, %ld destroyed", token::made.load(), token::destroyed.load());
  // Pools that are made now work as well.
  ebb::object_pool<token> fresh;
  fresh.get().reset();
  (void)ebb::test::check_books(fresh, 0);
}
