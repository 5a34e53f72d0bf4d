// What RunParallel and -test.benchtime are in Go's testing package.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>

#include "harness/team.hpp"

namespace bench::go {

// How much to run: a time, or (when not 0) a number of operations.
struct amount {
  double seconds = 0;
  std::uint64_t operations = 0;
};

struct outcome {
  double seconds;
  std::uint64_t operations;  // of all threads together

  // Wall time divided by the operations of all threads together: two threads that work side by side halve
  // it. Go's ns/op is the same.
  [[nodiscard]] double ns_per_operation() const { return seconds * 1e9 / static_cast<double>(operations); }
};

// Runs body(n) on every thread until `operations` were done. The threads claim them in portions, so that
// all end at about the same time.
inline outcome run_operations(team& crew, std::uint64_t operations,
                              const std::function<void(unsigned, std::uint64_t)>& body) {
  const std::uint64_t portion = std::clamp<std::uint64_t>(operations / (100 * crew.size()), 1, 100'000);
  std::atomic<std::uint64_t> claimed{0};
  const double seconds = crew.run([&](unsigned thread) {
    for (;;) {
      // relaxed: claims only have to differ
      const std::uint64_t first = claimed.fetch_add(portion, std::memory_order_relaxed);
      if (first >= operations) return;
      body(thread, std::min(portion, operations - first));
    }
  });
  return {seconds, operations};
}

// Runs more and more operations until they take the time asked for; the last run counts.
inline outcome run_amount(team& crew, const amount& wanted,
                          const std::function<void(unsigned, std::uint64_t)>& body) {
  if (wanted.operations != 0) return run_operations(crew, wanted.operations, body);
  outcome last = run_operations(crew, 100, body);
  while (last.seconds < wanted.seconds) {
    const double factor = std::clamp(1.2 * wanted.seconds / last.seconds, 1.2, 100.0);
    const double more = static_cast<double>(last.operations) * factor;
    last = run_operations(crew, static_cast<std::uint64_t>(more) + 1, body);
  }
  return last;
}

}  // namespace bench::go
