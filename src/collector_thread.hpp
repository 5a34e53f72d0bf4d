// The one background thread of the process that runs cycles and listens to the kernel.
#pragma once

#include <cstdint>

#include <ebb/detail/atomics.hpp>

namespace ebb::detail {

// While no pool holds anything the thread rests, until a miss wakes it. No object is forgotten by that:
//
//   A hit needs a loaded magazine; one is loaded, or parked in a depot, by a miss only. Each miss calls
//   ensure_running() AFTER what it loaded or parked is there for others to see, in program order. The
//   thread first says `resting`, then runs one more cycle, a wait later, and only when that finds no
//   magazine anywhere, in no shard (an empty one that is loaded could take a put as well), no depot, and
//   nothing doomed, it rests. A miss that read the word before `resting` was there is over long before that
//   last look, which finds its magazine: stores of one thread do not stay unseen for the length of a wait,
//   and on the rseq path the fences of the last cycle order them in any case. A miss that reads it later
//   wakes.
//
// As programs may close descriptors that are not theirs, the one that wakes included, a rest is no longer
// than a minute, and ends with another look.
class collector_thread {
 public:
  // Starts it if it should run and does not: at the first put of the process, and again after a fork or
  // a failed start. Wakes it if it rests. Called by misses.
  static void ensure_running() noexcept {
    if (!is_settled()) [[unlikely]]
      start();
  }
  // Whether there is nothing to ensure. relaxed: start() looks again
  [[nodiscard]] static bool is_settled() noexcept {
    return word_.load(std::memory_order_relaxed) == word::settled;
  }
  [[nodiscard]] static bool is_running() noexcept;
  // Whether it has asked for a wake-up: it rests, or will after one more cycle.
  [[nodiscard]] static bool asks_to_be_woken() noexcept {
    return word_.load(std::memory_order_relaxed) == word::resting;
  }
  // Makes it look at what it is to do again.
  static void wake() noexcept;
  // Runs so many cycles because memory is short, and has malloc give back what they freed.
  static void relieve(int cycles) noexcept;

 private:
  static void start() noexcept;
  enum class word : std::uint8_t {
    settled,    // there is nothing to start: it runs, is switched off, or the process is exiting
    unsettled,  // somebody has to look
    resting,    // it rests, or is about to: somebody has to wake it
  };
  static atomic<word> word_;
  friend struct collector_data;
};

}  // namespace ebb::detail
