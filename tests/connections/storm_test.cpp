// A pool of connections to a real server, through a proxy that breaks them, while the server is killed and
// started again.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <connections/clients.hpp>
#include <connections/descriptor.hpp>
#include <connections/fault_proxy.hpp>
#include <connections/servers.hpp>
#include <ebb/resource_pool.hpp>
#include <harness/thread_clock.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>
#include <support/threads.hpp>

namespace {

using ebb::close_reason;
using ebb::lease;
using ebb::resource_stats;
using ebb::test::connection_error;
using ebb::test::dice;
using ebb::test::eventually;
using ebb::test::fault;
using ebb::test::fault_proxy;
using ebb::test::redis_connection;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t capacity = 8;
constexpr int callers = 20;
constexpr int rounds = 20;  // one restart each
constexpr int faults_of_each_kind = 2 * rounds;
constexpr std::uint64_t enough_leases = 500'000 / ebb::test::slowdown;
constexpr milliseconds grace{50};

// What must not be.
struct violations {
  std::atomic<int> above_bound{0};      // stats() says that more are open than may be
  std::atomic<int> unserved{0};         // somebody waits while a place is free
  std::atomic<int> two_owners{0};       // of one connection at the same time
  std::atomic<int> foreign_answers{0};  // to another question, of another owner
};

class maximum {
 public:
  void note(steady_clock::duration d) {
    steady_clock::rep most = most_;
    while (d.count() > most && !most_.compare_exchange_weak(most, d.count())) {}
  }
  [[nodiscard]] steady_clock::duration get() const { return steady_clock::duration(most_); }

 private:
  std::atomic<steady_clock::rep> most_{0};
};

double in_ms(steady_clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

// What happened.
struct tally {
  std::atomic<std::uint64_t> acquires{0}, leases{0}, timed_out{0}, cancelled{0}, not_available{0};
  std::atomic<std::uint64_t> not_opened{0}, questions{0}, broken{0}, samples{0};
  maximum overrun;          // of a deadline, by what happened in the pool
  maximum sampler_overrun;  // of the sampler's own sleep: so late may whoever has a mutex be
};

// A clock of the calling thread that stands still while it is kept from its CPU, which on a busy machine
// may be for longer than any deadline.
steady_clock::time_point own_now() {
  static thread_local const bench::run_queue_wait waited;
  return steady_clock::now() - std::chrono::nanoseconds(static_cast<std::int64_t>(waited.ns()));
}

// Of the calling thread: how long it was in the pool's call backs, which no deadline interrupts.
thread_local steady_clock::duration in_call_backs{};

struct counts_its_time {
  const steady_clock::time_point start = own_now();
  ~counts_its_time() { in_call_backs += own_now() - start; }
};

ebb::resource_pool_options<redis_connection> options_for(const fault_proxy& proxy) {
  return {.make =
              [&proxy] {
                const counts_its_time here;
                return std::make_unique<redis_connection>(proxy.port());
              },
          .capacity = capacity,
          .check =
              [](redis_connection& c) {
                const counts_its_time here;
                return c.ping();
              },
          .check_after_idle = 1ms,
          // Real ones take leave of the other side, too.
          .on_close = [](redis_connection&, close_reason) { std::this_thread::sleep_for(200us); },
          .max_lifetime = 50ms,
          .lifetime_jitter = 50ms,
          .name = "storm"};
}

using redis_pool = ebb::resource_pool<redis_connection>;

// Looks all the time whether what always has to hold does.
void sample(const redis_pool& pool, const std::atomic<bool>& done, violations& bad, tally& seen) {
  while (!done) {
    const resource_stats s = pool.stats();
    if (s.open() > capacity) ++bad.above_bound;
    if (s.waiters > 0 && (s.idle > 0 || s.open() < capacity)) ++bad.unserved;
    ++seen.samples;
    const auto until = steady_clock::now() + 100us;
    std::this_thread::sleep_until(until);
    seen.sampler_overrun.note(steady_clock::now() - until);
  }
}

class caller {
 public:
  caller(redis_pool& pool, int me, violations& bad, tally& seen)
      : pool_(pool), me_(me), dice_(me), bad_(bad), seen_(seen) {}

  void work() {
    while (!closed_) {
      lease<redis_connection> l;
      try {
        l = acquire();
      } catch (const connection_error&) {
        ++seen_.not_opened;
      }
      ++seen_.acquires;
      if (l) use(l);
    }
  }

 private:
  lease<redis_connection> acquire() {
    std::error_code why;
    lease<redis_connection> l;
    switch (dice_.roll(8)) {
      case 0: l = pool_.try_acquire(why); break;
      case 1: {
        std::stop_source stop;
        std::jthread cancels;
        if (dice_.roll(4) == 0) {
          cancels = std::jthread([stop]() mutable { stop.request_stop(); });
        } else {
          stop.request_stop();
        }
        l = pool_.acquire(stop.get_token(), why);
        break;
      }
      default: {
        const milliseconds longest(std::array{1, 5, 20, 200}[dice_.roll(4)]);
        l = acquire_for(longest, why);
      }
    }
    if (why == ebb::pool_errc::timed_out) ++seen_.timed_out;
    if (why == ebb::pool_errc::cancelled) ++seen_.cancelled;
    if (why == ebb::pool_errc::not_available) ++seen_.not_available;
    closed_ = why == ebb::pool_errc::closed;
    return l;
  }

  lease<redis_connection> acquire_for(milliseconds longest, std::error_code& why) {
    in_call_backs = {};
    const auto start = own_now();
    auto l = pool_.acquire_for(longest, why);
    seen_.overrun.note(own_now() - start - longest - in_call_backs);  // also where it got one
    return l;
  }

  // One in 16 asks the server something; an answer to somebody else's question gives two owners away, too.
  void use(lease<redis_connection>& l) {
    ++seen_.leases;
    if (l->owners++ != 0) ++bad_.two_owners;
    bool works = true;
    if (dice_.roll(16) == 0) {
      ++seen_.questions;
      const std::string question = std::to_string(me_) + "." + std::to_string(++asked_);
      try {
        if (l->echo(question) != question) ++bad_.foreign_answers;
      } catch (const connection_error&) {
        ++seen_.broken;
        works = false;
      }
    }
    if (--l->owners != 0) ++bad_.two_owners;
    if (!works) l.discard();
  }

  redis_pool& pool_;
  const int me_;
  dice dice_;
  violations& bad_;
  tally& seen_;
  std::uint64_t asked_ = 0;
  bool closed_ = false;
};

class storm {
 public:
  storm() : proxy_(server_.port()), pool_(options_for(proxy_)) {
    threads_.emplace_back([this] { sample(pool_, done_, bad, seen); });
    for (int i = 0; i < callers; ++i) {
      threads_.emplace_back([this, i] { caller(pool_, i, bad, seen).work(); });
    }
  }
  ~storm() { calm(); }
  storm(const storm&) = delete;
  storm& operator=(const storm&) = delete;

  // Two faults of each kind, a pause and a restart at a time; ends early where nothing goes on any more, or
  // something was wrong already.
  void rage() {
    for (int round = 1; round <= rounds && !failed(); ++round) {
      for (int i = 0; i < faults_of_each_kind / rounds; ++i) {
        for (const fault kind : ebb::test::all_faults) proxy_.inject(kind);
        if (!goes_on([&] { return proxy_.pending() == 0; })) return;
      }
      if (!goes_on([&] { return seen.leases >= enough_leases * static_cast<unsigned>(round) / rounds; }))
        return;
      hold_all();
      server_.restart();
      ++restarts;
    }
    const std::uint64_t before = seen.leases;
    (void)goes_on([&] { return seen.leases > before + 1000; });
  }
  // Closes the pool while all are at work; nothing is left.
  void calm() {
    if (done_.exchange(true)) return;
    EXPECT_TRUE(pool_.close(5s));
    for (std::thread& t : threads_) t.join();
    EXPECT_EQ(pool_.stats().open(), 0u);
    EXPECT_EQ(pool_.stats().waiters, 0u);
    EXPECT_TRUE(eventually([&] { return proxy_.open() == 0; })) << proxy_.open();
  }
  [[nodiscard]] const fault_proxy& proxy() const { return proxy_; }
  // What the test expects at the end, as far as it can be said before: not what is the machine's fault.
  [[nodiscard]] bool failed() const {
    return bad.above_bound + bad.unserved + bad.two_owners + bad.foreign_answers > 0 ||
           proxy_.most_open() > static_cast<int>(capacity);
  }
  [[nodiscard]] resource_stats stats() const { return pool_.stats(); }

  violations bad;
  tally seen;
  int restarts = 0;

 private:
  // Nothing comes back for twice as long as a deadline may be overrun: nothing but the time wakes who
  // waits.
  void hold_all() {
    std::vector<lease<redis_connection>> all;
    while (all.size() < capacity) {
      std::error_code why;
      try {
        all.push_back(pool_.acquire_for(20s, why));
      } catch (const connection_error&) {
        continue;
      }
      if (why) return;
      ++seen.leases;
    }
    std::this_thread::sleep_for(2 * grace);
  }

  template <class Condition>
  bool goes_on(Condition condition) {
    if (eventually(condition)) return true;
    ADD_FAILURE() << "after " << restarts << " restarts and " << seen.leases
                  << " leases nothing goes on: " << proxy_.pending() << " faults are pending, "
                  << pool_.stats().open() << " are open, " << pool_.stats().waiters << " wait";
    return false;
  }

  ebb::test::redis_server server_;
  fault_proxy proxy_;
  redis_pool pool_;
  std::atomic<bool> done_{false};
  std::vector<std::thread> threads_;
};

void print(const storm& s) {
  const tally& t = s.seen;
  const resource_stats stats = s.stats();
  std::cout << t.acquires << " acquires (" << t.leases << " leases, " << t.timed_out << " timed out, "
            << t.cancelled << " cancelled, " << t.not_available << " not available, " << t.not_opened
            << " not opened), " << t.questions << " questions, " << t.broken << " broken\n"
            << s.proxy().injected() << " faults:";
  for (const fault kind : ebb::test::all_faults) {
    std::cout << ' ' << to_string(kind) << ' ' << s.proxy().injected(kind);
  }
  std::cout << "; " << s.restarts << " restarts\n" << stats.opened << " opened, closed:";
  for (std::size_t why = 0; why < ebb::close_reasons; ++why) {
    std::cout << ' ' << to_string(static_cast<close_reason>(why)) << ' ' << stats.closed[why];
  }
  std::cout << "\n"
            << t.samples << " samples; at most " << s.proxy().most_open() << " of " << capacity
            << " open at the proxy; longest overrun of a deadline " << in_ms(t.overrun.get())
            << " ms, of the sampler's sleep " << in_ms(t.sampler_overrun.get()) << " ms\n";
}

TEST(
    Storm,
    bound_deadlines_owners_and_descriptors_hold_in_500000_acquires_under_300_faults_of_8_kinds_and_20_restarts) {
  if (const std::string why = ebb::test::redis_server::missing(); !why.empty()) {
    GTEST_SKIP() << "NOT TESTED: " << why;
  }
  (void)own_now();  // opens a descriptor, which stays with this thread
  const std::size_t descriptors = ebb::test::open_descriptors();
  const auto start = steady_clock::now();
  {
    storm s;
    s.rage();
    s.calm();
    print(s);
    EXPECT_EQ(s.bad.above_bound, 0);
    EXPECT_LE(s.proxy().most_open(), static_cast<int>(capacity)) << "as the other side saw it";
    EXPECT_EQ(s.bad.unserved, 0);
    EXPECT_LE(in_ms(s.seen.overrun.get()), in_ms(grace + s.seen.sampler_overrun.get()));
    EXPECT_EQ(s.bad.two_owners, 0);
    EXPECT_EQ(s.bad.foreign_answers, 0);
    // And that there was a storm.
    EXPECT_GE(s.seen.leases, enough_leases);
    EXPECT_EQ(s.restarts, rounds);
    for (const fault kind : ebb::test::all_faults) {
      EXPECT_GE(s.proxy().injected(kind), faults_of_each_kind) << to_string(kind);
    }
    EXPECT_GT(s.seen.timed_out, 0u);
    EXPECT_GT(s.seen.cancelled, 0u);
    EXPECT_GT(ebb::test::closed_for(s.stats(), close_reason::lifetime), 0u);
    // What callers counted, and what the pool did.
    EXPECT_EQ(s.stats().acquired, s.seen.leases);
    EXPECT_EQ(s.stats().timed_out, s.seen.timed_out);
  }
  const std::size_t left = ebb::test::open_descriptors();
  std::cout << descriptors << " descriptors before, " << left << " after; "
            << std::chrono::duration<double>(steady_clock::now() - start).count() << " s\n";
  EXPECT_EQ(left, descriptors);
}

}  // namespace
