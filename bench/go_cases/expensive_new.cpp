// PoolExpensiveNew: objects that take 1 ms to make, 100 per thread in use at once, and cycles that age what
// is idle. How many are made anew?
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "cases.hpp"
#include "harness/keep.hpp"

namespace bench::go {

namespace {

// In Go the collector runs when so much garbage was made. Here whoever reaches the mark runs a cycle.
constexpr std::uint64_t garbage_per_cycle = 8 << 20;
constexpr std::size_t garbage_bytes = 32 << 10;
constexpr std::size_t checked_out = 100;

void make_garbage() { keep(std::make_unique<std::byte[]>(garbage_bytes).get()); }

}  // namespace

void pool_expensive_new(unsigned threads, const amount& wanted, json_line& out) {
  // relaxed for all three: counters that order nothing
  std::atomic<std::uint64_t> made{0};
  std::atomic<std::uint64_t> garbage{0};
  std::atomic<std::uint64_t> cycles{0};
  ebb::object_pool<boxed> pool([&made] {
    made.fetch_add(1, std::memory_order_relaxed);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return std::make_unique<boxed>();
  });
  team crew(threads);
  const outcome done = run_amount(crew, wanted, [&](unsigned, std::uint64_t count) {
    for (; count > 0; --count) {
      std::array<ebb::pooled<boxed>, checked_out> held;
      for (auto& h : held) {
        h = pool.get();
        make_garbage();
      }
      for (auto& h : held) h.reset();
      constexpr std::uint64_t more = checked_out * garbage_bytes;
      const std::uint64_t before = garbage.fetch_add(more, std::memory_order_relaxed);
      if (before / garbage_per_cycle == (before + more) / garbage_per_cycle) continue;
      ebb::collect();
      cycles.fetch_add(1, std::memory_order_relaxed);
    }
  });
  const auto operations = static_cast<double>(done.operations);
  out.add("ns_per_op", done.ns_per_operation());
  out.add("made_per_op", static_cast<double>(made.load(std::memory_order_relaxed)) / operations);
  out.add("cycles_per_op", static_cast<double>(cycles.load(std::memory_order_relaxed)) / operations);
}

}  // namespace bench::go
