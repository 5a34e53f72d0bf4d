// Objects that can be told apart, for programs without a test framework: the first thing that is wrong is
// printed, and ends the program with 1. (2 is for bad arguments; what ends by a signal crashed.)
#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>

namespace ebb::test {

template <class... Args>
[[noreturn]] void wrong(const char* format, Args... args) {
  std::fputs("WRONG: ", stderr);
  if constexpr (sizeof...(args) == 0) {
    std::fputs(format, stderr);
  } else {
    std::fprintf(stderr, format, args...);
  }
  std::fputc('\n', stderr);
  std::_Exit(1);
}

class token {
 public:
  static inline std::atomic<long> made{0};
  static inline std::atomic<long> destroyed{0};

  token() noexcept : id_(made.fetch_add(1)) {}
  token(const token&) = delete;
  token& operator=(const token&) = delete;
  ~token() {
    if (owned_.exchange(true)) wrong("token %ld destroyed while in use, or twice", id_);
    destroyed.fetch_add(1);
  }

  // relaxed: what is to be found are two owners at once, and a flag needs no order for that.
  void take() noexcept {
    if (owned_.exchange(true, std::memory_order_relaxed)) wrong("token %ld has two owners", id_);
  }
  void give() noexcept {
    if (!owned_.exchange(false, std::memory_order_relaxed)) wrong("token %ld was given twice", id_);
  }
  [[nodiscard]] long id() const noexcept { return id_; }

 private:
  long id_;
  std::atomic<bool> owned_{false};
};

// made = in use + idle + destroyed, by the pool's own books and by the tokens'. Only while nobody else uses
// the pool, the only one with tokens. Returns how many are idle.
inline long check_books(const object_pool<token>& pool, long in_use) {
  const pool_stats s = pool.stats();
  const auto idle = static_cast<long>(s.idle);
  if (static_cast<long>(s.in_use()) != in_use) {
    wrong("%ld in use, the pool says %ld (made %ld, idle %ld, destroyed %ld)", in_use,
          static_cast<long>(s.in_use()), static_cast<long>(s.made), idle, static_cast<long>(s.destroyed()));
  }
  if (token::made - token::destroyed != idle + in_use) {
    wrong("%ld tokens alive, %ld idle, %ld in use", token::made - token::destroyed, idle, in_use);
  }
  return idle;
}

// All that is idle, each token once, after a cycle that put it within reach. Portable path: a shard whose
// holder was preempted during an earlier cycle is late, and needs another.
inline std::vector<pooled<token>> take_all(object_pool<token>& pool) {
  std::vector<pooled<token>> all;
  const auto take_what_is_within_reach = [&] {
    while (pooled<token> one = pool.try_get()) {
      one->take();
      all.push_back(std::move(one));
    }
  };
  take_what_is_within_reach();
  if (runtime_info().path == access_path::portable) {
    collect();
    take_what_is_within_reach();
  }
  return all;
}

// And what is idle can be had.
inline long check_all(object_pool<token>& pool, long in_use) {
  (void)check_books(pool, in_use);
  collect();
  const long idle = check_books(pool, in_use);
  std::vector<pooled<token>> all = take_all(pool);
  if (static_cast<long>(all.size()) != idle) {
    wrong("%ld idle, and %ld could be had", idle, static_cast<long>(all.size()));
  }
  for (pooled<token>& one : all) one->give();
  all.clear();
  return check_books(pool, in_use);
}

}  // namespace ebb::test
