// Signal handlers may use the hit path. Handlers that only got and put the same object would restore the
// state they disturbed and hide a section that does not restart: these take, and give back another time.
#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <vector>

#include <ebb/object_pool.hpp>
#include <support/threads.hpp>

namespace {

using ebb::test::run_together;
using ebb::test::slowdown;

struct item {
  std::atomic<int> users{0};
};

// make() must not run inside a handler: it allocates. These pools are filled before and only tried.
ebb::object_pool<item>* shared = nullptr;
std::atomic<long> handled{0};
std::atomic<int> doubles{0};

struct stash {
  ebb::pooled<item> held;
  int turn = 0;
};
thread_local stash* mine = nullptr;

void handler(int) {
  stash* const s = mine;
  if (s == nullptr) return;
  handled.fetch_add(1, std::memory_order_relaxed);
  if (s->turn++ % 2 == 0) {
    s->held = shared->try_get();
    if (s->held && s->held->users.fetch_add(1) != 0) doubles.fetch_add(1);
  } else if (s->held) {
    s->held->users.fetch_sub(1);
    s->held.reset();
  }
}

TEST(Signals, handlers_that_get_and_put_every_50_us_lose_and_double_nothing) {
  if (ebb::detail::checked_build) GTEST_SKIP() << "the bookkeeping of checked builds takes a mutex";
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ASSERT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
  constexpr int items = 400;
  ebb::object_pool<item> pool;
  shared = &pool;
  for (int i = 0; i < items; ++i) pool.put(std::make_unique<item>());

  run_together(3, [&](int) {
    stash own;
    mine = &own;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR2;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    timer_t timer{};
    ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    const itimerspec every{{0, 50'000}, {0, 50'000}};
    ASSERT_EQ(timer_settime(timer, 0, &every, nullptr), 0);
    std::vector<ebb::pooled<item>> held(20);
    for (int round = 0; round < 200'000 / slowdown; ++round) {
      for (auto& h : held) {
        h = pool.try_get();
        if (h && h->users.fetch_add(1) != 0) doubles.fetch_add(1);
      }
      for (auto& h : held) {
        if (h) h->users.fetch_sub(1);
        h.reset();
      }
    }
    ASSERT_EQ(timer_delete(timer), 0);
    mine = nullptr;
    if (own.held) own.held->users.fetch_sub(1);
  });
  EXPECT_EQ(doubles, 0);
  EXPECT_GT(handled, 1000 / slowdown);
  EXPECT_EQ(pool.stats().idle, static_cast<std::uint64_t>(items)) << "every object is back";
}

}  // namespace
