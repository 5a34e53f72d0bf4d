// Two threads that hand work to each other: what ran on one continues on the other.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace ebb::test {

template <class Work>
class inbox {
 public:
  void put(Work* w) {
    const std::lock_guard lock(mutex_);
    work_.push_back(w);
  }
  // All that is there.
  void take(std::vector<Work*>& out) {
    out.clear();
    const std::lock_guard lock(mutex_);
    out.swap(work_);
  }

 private:
  std::mutex mutex_;
  std::vector<Work*> work_;  // under mutex_
};

// Both threads call `step(work)` for what is in their inbox, and send it on to the other one while that
// returns true. Returns when nothing is left.
template <class Work, class Step>
void run_on_two_threads(std::vector<Work*> all, Step step) {
  inbox<Work> inboxes[2];
  std::atomic<std::size_t> left{all.size()};
  for (std::size_t i = 0; i < all.size(); ++i) inboxes[i % 2].put(all[i]);
  const auto run = [&](int me) {
    std::vector<Work*> mine;
    while (left > 0) {
      inboxes[me].take(mine);
      if (mine.empty()) std::this_thread::yield();
      for (Work* w : mine) {
        if (step(*w)) {
          inboxes[1 - me].put(w);
        } else {
          --left;
        }
      }
    }
  };
  std::thread other(run, 1);
  run(0);
  other.join();
}

}  // namespace ebb::test
