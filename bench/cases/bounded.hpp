// Bounded pools: who finds none free waits for one. Every case has pools of its own kind and no others.
//   bounded_alone               one thread, and always one idle
//   bounded_two                 two threads, and one for each
//   bounded_crowd_nothing       64 threads share 8, and hold one only to write a word of it
//   bounded_crowd_computing     the same, and compute for 10 us meanwhile
//   bounded_crowd_sleeping      the same, and sleep for 1 ms, as who waits for an answer does
// The metric of the first two is `ns`, as in `pair_in_call`. The others time each acquire(), all threads
// for as long as a slice takes, and say
//   per_s                       acquires, all threads together
//   wait_p50, _p99, _max        how long an acquire() took, in ns
//   worst_to_fair               the longest in units of the fair share: threads / per_s, which is what each
//                               would take from one acquire() to its next, were all served in turn
//   fewest, most                acquires of the thread that had fewest and most, in units of the mean
//   held_p50                    how long one was held, in ns
// Who is never served in a slice gets one when the others stop at its end: the longest wait is at most a
// little more than a slice.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "harness/histogram.hpp"
#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"

namespace bench {

template <class Pool>
concept bounded_pool = std::constructible_from<Pool, std::size_t> && requires(Pool pool) {
  { *pool.acquire() } -> std::same_as<payload&>;
};

// As many threads as may have one: nobody ever waits.
template <unsigned Threads>
struct bounded_loop_case {
  static constexpr const char* name = Threads == 1 ? "bounded_alone" : "bounded_two";
  static bool takes(unsigned threads) { return threads == Threads; }
  static constexpr std::size_t operations = 1;
  template <class Pool>
  struct state {};

  template <class Pool>
  struct with_capacity : Pool {
    with_capacity() : Pool(Threads) {}
  };
  template <bounded_pool Pool>
  using bounded_contender = loop_contender<bounded_loop_case, with_capacity<Pool>>;

  template <class Pool>
  static void run(Pool& pool, state<Pool>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) borrow_once(pool, i);
  }

 private:
  template <class Pool>
  [[gnu::noinline]] static void borrow_once(Pool& pool, std::uint64_t value) {
    auto object = pool.acquire();
    touch(*object, value);
  }
};

enum class held_for { nothing, computing, sleeping };

template <held_for Hold>
struct bounded_crowd_case {
  static constexpr const char* name = Hold == held_for::nothing     ? "bounded_crowd_nothing"
                                      : Hold == held_for::computing ? "bounded_crowd_computing"
                                                                    : "bounded_crowd_sleeping";
  static constexpr unsigned crowd = 64;
  static constexpr std::size_t capacity = 8;
  // Several time slices of the scheduler for each thread, as elsewhere, and time to see who is passed over.
  static constexpr std::chrono::milliseconds slice_length{300};
  static bool takes(unsigned threads) { return threads == crowd; }

  // Foreign systems are told slice_length, and answer with what a slice saw.
  static readings from_foreign(const readings& answer) {
    const double per_s = value_of(answer, "acquires") / value_of(answer, "seconds");
    const double mean = value_of(answer, "acquires") / crowd;
    const double longest = value_of(answer, "wait_max");
    return {{"per_s", per_s},
            {"wait_p50", value_of(answer, "wait_p50")},
            {"wait_p99", value_of(answer, "wait_p99")},
            {"wait_max", longest},
            {"worst_to_fair", longest * 1e-9 * per_s / crowd},
            {"fewest", value_of(answer, "fewest") / mean},
            {"most", value_of(answer, "most") / mean},
            {"held_p50", value_of(answer, "held_p50")}};
  }

  template <bounded_pool Pool>
  class bounded_contender final : public contender {
   public:
    explicit bounded_contender(team& crew) : crew_(crew), seen_(crew.size()) { (void)slice(); }

    readings slice() override {
      const clock::time_point end = clock::now() + slice_length;
      const double seconds = crew_.run([&](unsigned i) {
        seen_[i] = {};
        take_turns(pool_, seen_[i], end);
      });
      histogram waited;
      histogram held;
      for (const seen_by_one& one : seen_) {
        waited.add(one.waited);
        held.add(one.held);
      }
      const auto [fewest, most] = std::ranges::minmax(seen_, {}, &seen_by_one::acquires);
      const std::uint64_t acquires =
          std::accumulate(seen_.begin(), seen_.end(), std::uint64_t{0},
                          [](std::uint64_t sum, const seen_by_one& one) { return sum + one.acquires; });
      return from_foreign({{"seconds", seconds},
                           {"acquires", static_cast<double>(acquires)},
                           {"fewest", static_cast<double>(fewest.acquires)},
                           {"most", static_cast<double>(most.acquires)},
                           {"wait_p50", static_cast<double>(waited.percentile(0.5))},
                           {"wait_p99", static_cast<double>(waited.percentile(0.99))},
                           {"wait_max", static_cast<double>(waited.max())},
                           {"held_p50", static_cast<double>(held.percentile(0.5))}});
    }

   private:
    // The same clock as Go's and Java's.
    using clock = std::chrono::steady_clock;
    struct seen_by_one {
      histogram waited;
      histogram held;
      std::uint64_t acquires = 0;
    };

    static void take_turns(Pool& pool, seen_by_one& mine, clock::time_point end) {
      for (clock::time_point start = clock::now(); start < end; start = clock::now()) {
        auto object = pool.acquire();
        const clock::time_point got = clock::now();
        hold(*object, mine.acquires);
        const clock::time_point done = Hold == held_for::nothing ? got : clock::now();
        mine.waited.add(static_cast<std::uint64_t>((got - start).count()));
        mine.held.add(static_cast<std::uint64_t>((done - got).count()));
        ++mine.acquires;
      }
    }

    static void hold(payload& object, std::uint64_t value) {
      if constexpr (Hold == held_for::computing) value = compute(value);
      if constexpr (Hold == held_for::sleeping) std::this_thread::sleep_for(std::chrono::milliseconds{1});
      touch(object, value);
    }

    // Steps that wait for each other, and that no compiler can do several of at once: the same work in each
    // language, 30,000 cycles.
    static std::uint64_t compute(std::uint64_t value) {
      value |= 1;
      for (int i = 0; i < 5000; ++i) {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
      }
      return value;
    }

    team& crew_;
    Pool pool_{capacity};
    std::vector<seen_by_one> seen_;
  };
};

}  // namespace bench
