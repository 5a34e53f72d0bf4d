// A thread stopped at any instruction inside get or put blocks nobody (rseq path), and loses at most what
// it held. Threads are stopped where they stand by a signal whose handler waits.
#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <support/threads.hpp>

namespace {

using ebb::test::slowdown;

std::atomic<int> frozen{0};
std::atomic<bool> thaw{false};

void freeze(int) {
  frozen.fetch_add(1);
  timespec nap{0, 1'000'000};
  while (!thaw.load()) (void)nanosleep(&nap, nullptr);
  frozen.fetch_sub(1);
}

// Objects come from a fixed set without locks, so that a thread stopped inside malloc holds up nobody.
struct fixed {
  std::atomic<bool> in_use{false};
  static void* operator new(std::size_t);
  static void operator delete(void* object);
};
struct place {
  alignas(fixed) std::byte bytes[sizeof(fixed)];
  std::atomic<bool> taken{false};
};
constexpr std::size_t set_size = 1 << 16;
place the_set[set_size];

void* fixed::operator new(std::size_t) {
  static std::atomic<std::size_t> next{0};
  for (;;) {
    place& p = the_set[next.fetch_add(1) % set_size];
    if (!p.taken.exchange(true)) return p.bytes;
  }
}
void fixed::operator delete(void* object) { reinterpret_cast<place*>(object)->taken = false; }

TEST(Frozen, threads_stopped_anywhere_in_get_and_put_block_nobody) {
  if (ebb::runtime_info().path != ebb::access_path::rseq) {
    GTEST_SKIP() << "the portable path promises nothing to those who share a shard with a stopped thread";
  }
  if (ebb::detail::checked_build || slowdown > 1) {
    GTEST_SKIP() << "the bookkeeping of checked builds, and ASan's allocator, take locks of their own";
  }
  struct sigaction action {};
  action.sa_handler = freeze;
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);

  for (int round = 0; round < 40; ++round) {
    thaw = false;
    std::atomic<bool> stop{false};
    auto pool = std::make_unique<ebb::object_pool<fixed>>();
    const auto work = [&](std::atomic<long>& operations) {
      std::array<ebb::pooled<fixed>, 70> held;
      while (!stop) {
        for (auto& h : held) {
          h = pool->get();
          if (h->in_use.exchange(true)) ADD_FAILURE() << "an object has two users";
        }
        for (auto& h : held) {
          h->in_use = false;
          h.reset();
        }
        operations.fetch_add(1, std::memory_order_relaxed);
      }
    };
    constexpr int victims = 6;
    constexpr int survivors = 2;
    std::array<std::atomic<long>, victims + survivors> operations{};
    std::vector<std::thread> threads;
    for (int i = 0; i < victims + survivors; ++i) {
      threads.emplace_back([&, i] { work(operations[static_cast<std::size_t>(i)]); });
    }
    while (operations[0] < 3) std::this_thread::yield();
    for (int i = 0; i < victims; ++i) {
      ASSERT_EQ(pthread_kill(threads[static_cast<std::size_t>(i)].native_handle(), SIGUSR1), 0);
    }
    while (frozen < victims) std::this_thread::yield();

    // All of them stand still somewhere in get or put. Others get, put and collect.
    for (int i = 0; i < 20; ++i) ebb::collect();
    for (std::size_t s = victims; s < victims + survivors; ++s) {
      const long before = operations[s];
      while (operations[s] < before + 20) {
        ebb::collect();
        std::this_thread::yield();
      }
    }
    thaw = true;
    stop = true;
    for (auto& t : threads) t.join();
    EXPECT_EQ(frozen, 0);
    const ebb::pool_stats s = pool->stats();
    EXPECT_EQ(s.made, s.idle + s.destroyed()) << "once they go on, not even that is lost";
  }
}

}  // namespace
