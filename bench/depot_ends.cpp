// What a second end would cost a depot: the measurement behind docs/differences_from_go.md.
//
// A depot that gives its owner the newest magazine and thieves the oldest, and into which any thread may
// push, has to reserve a slot and then fill it (and the other way round), because between the two its
// thread may be stopped: one atomic operation on the packed head|tail and one on the slot, where the stack
// has one in all. The ring below does exactly these operations and is a lower bound: a real one also has to
// handle a slot that was reserved and is not filled yet.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include <ebb/detail/depot.hpp>
#include <ebb/runtime_info.hpp>

namespace {

using namespace ebb::detail;

class two_ended_ring {
 public:
  bool push(owned_magazine m) {
    std::uint64_t ends = ends_.load(std::memory_order_relaxed);
    do {
      if (head(ends) - tail(ends) == slots) return false;
    } while (
        !ends_.compare_exchange_weak(ends, pack(head(ends) + 1, tail(ends)), std::memory_order_acq_rel));
    m.block->store(1, std::uint64_t{m.top} << 8 | m.base);
    at(head(ends)).exchange(m.block, std::memory_order_acq_rel);
    return true;
  }
  owned_magazine pop_newest() {
    std::uint64_t ends = ends_.load(std::memory_order_relaxed);
    do {
      if (head(ends) == tail(ends)) return {};
    } while (
        !ends_.compare_exchange_weak(ends, pack(head(ends) - 1, tail(ends)), std::memory_order_acq_rel));
    return taken(at(head(ends) - 1).exchange(nullptr, std::memory_order_acq_rel));
  }

 private:
  static constexpr std::uint32_t slots = 64;
  static std::uint32_t head(std::uint64_t ends) { return static_cast<std::uint32_t>(ends >> 32); }
  static std::uint32_t tail(std::uint64_t ends) { return static_cast<std::uint32_t>(ends); }
  static std::uint64_t pack(std::uint32_t h, std::uint32_t t) { return std::uint64_t{h} << 32 | t; }
  std::atomic<magazine*>& at(std::uint32_t i) { return slots_[i % slots]; }
  static owned_magazine taken(magazine* m) {
    const std::uint64_t parked = m->load(1);
    return {m, static_cast<std::uint32_t>(parked & 0xff), static_cast<std::uint32_t>(parked >> 8 & 0xff)};
  }

  std::atomic<std::uint64_t> ends_{0};
  std::array<std::atomic<magazine*>, slots> slots_{};
};

struct stack {
  depot d;
  bool push(owned_magazine m) {
    d.push(m);
    return true;
  }
  owned_magazine pop_newest() { return d.pop(); }
};

// One magazine in and out, by the owner alone: two of these operations move up to 62 objects.
template <class Depot>
void owner_pushes_and_pops(benchmark::State& state) {
  (void)ebb::runtime_info();  // sets the library up
  const auto depot = std::make_unique<Depot>();
  for (int i = 0; i < 4; ++i) {
    owned_magazine m = owned_magazine::empty(magazines().acquire(0), max_capacity);
    m.add(&state);
    depot->push(m);
  }
  for (auto _ : state) {
    const owned_magazine m = depot->pop_newest();
    benchmark::DoNotOptimize(m.block);
    depot->push(m);
  }
}
BENCHMARK(owner_pushes_and_pops<stack>);
BENCHMARK(owner_pushes_and_pops<two_ended_ring>);

}  // namespace

BENCHMARK_MAIN();
