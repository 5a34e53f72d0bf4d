// Resources that know whether they are open, and a clock that stands still until it is told.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <ebb/resource_pool.hpp>

namespace ebb::test {

// The other side: what is open there, and how much at most.
struct peer {
  std::atomic<int> open{0};
  std::atomic<int> most{0};
  std::atomic<int> opened{0};
  std::atomic<int> refuses{0};  // so many openings fail
  void note_open() {
    const int now = ++open;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {}
  }
};

struct refused_by_peer : std::runtime_error {
  refused_by_peer() : std::runtime_error("the peer says no") {}
};

// One owner at a time.
struct link {
  explicit link(peer& p) : other(&p), id(++p.opened) { other->note_open(); }
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link() { --other->open; }
  peer* other;
  int id;
  std::atomic<int> owners{0};
  std::atomic<bool> works{true};
  std::string state;  // what settings made of it
};

inline auto connect_to(peer& p) {
  return [&p] {
    if (p.refuses > 0 && p.refuses-- > 0) throw refused_by_peer();
    return std::make_unique<link>(p);
  };
}
inline bool ping(link& l) { return l.works; }

inline std::uint64_t closed_for(const resource_stats& s, close_reason why) {
  return s.closed[static_cast<std::size_t>(why)];
}

class fake_clock final : public detail::resource_clock {
 public:
  time_point now() noexcept override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  time_point coarse_now() noexcept override { return now(); }
  // Who waits is woken by advance(), looks, and waits again if it was not for it.
  void wait_until(std::condition_variable& wakes, std::unique_lock<std::mutex>& lock,
                  time_point /*until*/) override {
    {
      const std::lock_guard own(mutex_);
      sleepers_.insert({&wakes, lock.mutex()});
    }
    wakes.wait(lock);
    const std::lock_guard own(mutex_);
    sleepers_.erase(sleepers_.find({&wakes, lock.mutex()}));
  }
  // Nobody who waits notices.
  void pass(std::chrono::nanoseconds by) {
    const std::lock_guard own(mutex_);
    now_ += by;
  }
  void advance(std::chrono::nanoseconds by) {
    pass(by);
    std::set<sleeper> all;
    {
      const std::lock_guard own(mutex_);
      all.insert(sleepers_.begin(), sleepers_.end());
    }
    for (const auto& [wakes, mutex] : all) {
      const std::lock_guard theirs(*mutex);
      // It may have left meanwhile, and its condition variable with it.
      const std::lock_guard own(mutex_);
      if (sleepers_.contains({wakes, mutex})) wakes->notify_all();
    }
  }

 private:
  using sleeper = std::pair<std::condition_variable*, std::mutex*>;
  std::mutex mutex_;
  time_point now_{std::chrono::hours(1000)};
  std::multiset<sleeper> sleepers_;
};

}  // namespace ebb::test
