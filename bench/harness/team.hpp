// Threads that stay alive from slice to slice, so that what is thread-local stays warm.
#pragma once

#include <algorithm>
#include <barrier>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace bench {

class team {
 public:
  explicit team(unsigned size) : start_(size + 1), finish_(size + 1), times_(size) {
    for (unsigned i = 0; i < size; ++i) threads_.emplace_back([this, i] { serve(i); });
  }
  ~team() {
    work_ = nullptr;
    start_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
  }
  team(const team&) = delete;
  team& operator=(const team&) = delete;

  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(threads_.size()); }

  // Runs work(i) on every thread i at once.
  // Returns the seconds between the first thread's start and the last one's end.
  double run(const std::function<void(unsigned)>& work) {
    work_ = &work;
    start_.arrive_and_wait();
    finish_.arrive_and_wait();
    const auto first = std::ranges::min_element(times_, {}, &interval::begin)->begin;
    const auto last = std::ranges::max_element(times_, {}, &interval::end)->end;
    return std::chrono::duration<double>(last - first).count();
  }

 private:
  using clock = std::chrono::steady_clock;
  struct alignas(128) interval {  // a line pair each: the threads write them while others still work
    clock::time_point begin;
    clock::time_point end;
  };

  void serve(unsigned i) {
    for (;;) {
      start_.arrive_and_wait();
      if (work_ == nullptr) return;
      times_[i].begin = clock::now();
      (*work_)(i);
      times_[i].end = clock::now();
      finish_.arrive_and_wait();
    }
  }

  std::barrier<> start_;
  std::barrier<> finish_;
  // Written by run() and ~team() before start_, read by the threads after it. Null: the threads end.
  const std::function<void(unsigned)>* work_ = nullptr;
  std::vector<interval> times_;
  std::vector<std::thread> threads_;
};

}  // namespace bench
