// What scenarios share. Each works with pools while something fails, then checks that nothing is lost and
// that the pools still work, with all that it needs for that.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <span>
#include <stdexcept>

#include <ebb/collector.hpp>
#include <ebb/stats.hpp>

#include "failing.hpp"

// Ends the program with status 1 unless it holds.
void check(bool holds, const char* what) noexcept;

struct refused : std::runtime_error {
  refused() : std::runtime_error("refused") {}
};

// Counts the objects that exist. One whose recycle() threw is spoiled and must not be seen again.
class token {
 public:
  token() { ++alive; }
  token(const token&) = delete;
  token& operator=(const token&) = delete;
  ~token();

  static inline std::atomic<std::int64_t> alive{0};  // the background collector destroys, too
  static inline void (*on_death)() = nullptr;
  mutable bool spoiled = false;
  std::uint64_t filler[4]{};
};

// Runs `work` with failures; those it may throw end it.
template <class Work>
void attempt(Work work) {
  const failing::watch here;
  try {
    work();
  } catch (const std::bad_alloc&) {
  } catch (const refused&) {}
}

// Nobody has an object of the pool; `adopted` were put that it had not made.
inline void check_balance(const ebb::pool_stats& s, std::uint64_t adopted = 0) {
  check(s.made + adopted == s.idle + s.destroyed() + s.detached, "made is not idle + destroyed + detached");
}

inline constexpr const char* long_name = "a name that is too long to be kept without memory";

// What two cycles in a row promise when the kernel refuses no fence.
template <class Pool>
void check_empties(const Pool& pool) {
  ebb::collect();
  ebb::collect();
  check(pool.stats().idle == 0, "two cycles leave something idle");
}

struct scenario {
  const char* name;
  void (*run)();
};
std::span<const scenario> object_scenarios() noexcept;
std::span<const scenario> memory_scenarios() noexcept;

// The i-th call back of the callbacks scenario does something; 0: none does. Returns whether there were as
// many.
enum class deed {
  throws,
  gets_and_puts,
  puts_new,
  works_in_bulk,
  collects,
  uses_another_pool,
  refuses,
  drains,
  changes_bounds
};
inline constexpr deed deeds[] = {deed::throws,        deed::gets_and_puts, deed::puts_new,
                                 deed::works_in_bulk, deed::collects,      deed::uses_another_pool,
                                 deed::refuses,       deed::drains,        deed::changes_bounds};
bool run_callbacks(std::uint64_t i, deed d);
