// The checker's own test: programs of a few lines whose possible outcomes C++ fixes. Each must show all of
// them and no other.
#include <cstdint>

#include "checked.hpp"

namespace ebb::model {
namespace {

using detail::atomic;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;

void expect(const result& r, const std::set<std::uint64_t>& outcomes) {
  if (r.observed != outcomes) {
    for (const std::uint64_t o : r.observed) std::printf("[%llu] ", static_cast<unsigned long long>(o));
    std::printf("VIOLATED: the outcomes are not those that C++ has\n");
    std::fflush(stdout);
    _exit(wrong);
  }
  report(r);
}

// Message passing: 10 * flag + data as the reader saw them.
template <std::memory_order Store, std::memory_order Load>
result message_passing() {
  static atomic<int> data{0}, flag{0};
  static int seen = 0;
  return explore({[] {
                    data.store(1, relaxed);
                    flag.store(1, Store);
                  },
                  [] {
                    const int f = flag.load(Load);
                    seen = 10 * f + data.load(relaxed);
                  }},
                 [] { observe(static_cast<std::uint64_t>(seen)); });
}
const scenario mp_relaxed("litmus-mp-relaxed", [] {
  expect(message_passing<relaxed, relaxed>(), {0, 1, 10, 11});
});
const scenario mp_ordered("litmus-mp-ordered", [] {
  expect(message_passing<release, acquire>(), {0, 1, 11});
});
const scenario mp_half("litmus-mp-release-only", [] {
  expect(message_passing<release, relaxed>(), {0, 1, 10, 11});
});

// A release sequence goes on through read-modify-writes, even relaxed ones of others, and not through
// stores.
template <bool IsStore>
result release_sequence() {
  static atomic<int> data{0}, flag{0};
  static int seen = 0;
  return explore({[] {
                    data.store(1, relaxed);
                    flag.store(1, release);
                  },
                  [] {
                    if (IsStore) {
                      if (flag.load(relaxed) == 1) flag.store(2, relaxed);
                    } else {
                      int one = 1;
                      (void)flag.compare_exchange_strong(one, 2, relaxed, relaxed);
                    }
                  },
                  [] {
                    const int f = flag.load(acquire);
                    seen = f == 2 ? 20 + data.load(relaxed) : 0;
                  }},
                 [] { observe(static_cast<std::uint64_t>(seen)); });
}
const scenario rs_rmw("litmus-release-sequence", [] { expect(release_sequence<false>(), {0, 21}); });
const scenario rs_store("litmus-store-ends-it", [] { expect(release_sequence<true>(), {0, 20, 21}); });

// Store buffering: even with acquire and release both may miss the other's store.
const scenario sb("litmus-store-buffering", [] {
  static atomic<int> x{0}, y{0};
  static int a = 0, b = 0;
  expect(explore({[] {
                    x.store(1, release);
                    a = y.load(acquire);
                  },
                  [] {
                    y.store(1, release);
                    b = x.load(acquire);
                  }},
                 [] { observe(static_cast<std::uint64_t>(10 * a + b)); }),
         {0, 1, 10, 11});
});

// Coherence: who has seen the new value does not see the old one again; nor who hears of it from that
// thread.
const scenario coherence("litmus-coherence", [] {
  static atomic<int> x{0}, told{0};
  static int seen = 0;
  expect(explore({[] { x.store(1, relaxed); },
                  [] {
                    const int first = x.load(relaxed);
                    const int second = x.load(relaxed);
                    check(second >= first, "a thread saw a location go back");
                    if (second == 1) told.store(1, release);
                  },
                  [] { seen = told.load(acquire) == 0 ? 0 : 10 + x.load(relaxed); }},
                 [] { observe(static_cast<std::uint64_t>(seen)); }),
         {0, 11});
});

// Independent readers may disagree about the order of two writers.
const scenario iriw("litmus-independent-reads", [] {
  static atomic<int> x{0}, y{0};
  static int a = 0, b = 0;
  expect(explore({[] { x.store(1, release); }, [] { y.store(1, release); },
                  [] {
                    const int first = x.load(acquire);
                    a = 10 * first + y.load(acquire);
                  },
                  [] {
                    const int first = y.load(acquire);
                    b = 10 * first + x.load(acquire);
                  }},
                 [] { observe(static_cast<std::uint64_t>(a == 10 && b == 10)); }),
         {0, 1});
});

const scenario counter("litmus-read-modify-write", [] {
  static atomic<int> n{0};
  const auto twice = [] {
    (void)n.fetch_add(1, relaxed);
    (void)n.fetch_add(1, relaxed);
  };
  expect(explore({twice, twice, twice}, [] { observe(static_cast<std::uint64_t>(n.load(relaxed))); }), {6});
});

const scenario locked("litmus-mutex", [] {
  static detail::mutex m;
  static int n = 0;
  const auto twice = [] {
    for (int i = 0; i < 2; ++i) {
      const std::lock_guard held(m);
      ++n;
    }
  };
  expect(explore({twice, twice, twice}, [] { observe(static_cast<std::uint64_t>(n)); }), {6});
});

const scenario condition("litmus-condition", [] {
  static detail::mutex m;
  static detail::condition_variable ready;
  static int n = 0;
  expect(explore({[] {
                    std::unique_lock held(m);
                    ready.wait(held, [] { return n == 1; });
                    n = 2;
                  },
                  [] {
                    const std::lock_guard held(m);
                    n = 1;
                    ready.notify_one();
                  }},
                 [] { observe(static_cast<std::uint64_t>(n)); }),
         {2});
});

// A wait with an end: it is over at any time, or notified. Who has timed out takes nobody's notification.
const scenario timed("litmus-wait-with-an-end", [] {
  static detail::mutex m;
  static detail::condition_variable ready;
  static int n = 0, seen = 0;
  expect(explore({[] {
                    std::unique_lock held(m);
                    if (n == 1) return;
                    const bool is_over = ready.wait_some_time(held);
                    seen = 10 * (is_over ? 2 : 1) + n;
                    if (!is_over) ready.notify_one();
                  },
                  [] {
                    std::unique_lock held(m);
                    ready.wait(held, [] { return n == 1; });
                  },
                  [] {
                    const std::lock_guard held(m);
                    n = 1;
                    ready.notify_one();
                  }},
                 [] { observe(static_cast<std::uint64_t>(seen)); }),
         {0, 11, 20, 21});
});

}  // namespace
}  // namespace ebb::model
