// Pool, PoolOverflow and PoolStarvation.
#include <ebb/object_pool.hpp>

#include <array>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "harness/keep.hpp"

namespace bench::go {

namespace {

using handle = ebb::pooled<boxed>;

constexpr std::size_t overflowing = 100;
constexpr int starved_gets = 100;
constexpr std::size_t starved_puts = 67;  // 33 % fewer

// C++ objects have owners: where Go puts the same object again and again, a thread here holds some and
// puts those. `once` is one operation of a thread that holds `held`.
template <class Held, class Once>
void run(unsigned threads, const amount& wanted, json_line& out, Once once) {
  struct alignas(128) padded {
    Held held{};
  };
  team crew(threads);
  ebb::object_pool<boxed> pool;
  std::vector<padded> mine(threads);
  const outcome done = run_amount(crew, wanted, [&](unsigned thread, std::uint64_t count) {
    Held& held = mine[thread].held;
    for (; count > 0; --count) once(pool, held);
  });
  out.add("ns_per_op", done.ns_per_operation());
}

struct nothing {};

}  // namespace

// Go puts first and gets then. A handle has to be got before it can be put, so here the same alternation
// begins at the other end.
void pool(unsigned threads, const amount& wanted, json_line& out) {
  run<nothing>(threads, wanted, out, [](auto& pool, nothing&) {
    handle held = pool.get();  // not const: GCC 12 would keep it in memory, at three times the cost
    keep(held.get());
  });
}

void pool_overflow(unsigned threads, const amount& wanted, json_line& out) {
  run<std::array<handle, overflowing>>(threads, wanted, out, [](auto& pool, auto& held) {
    for (handle& h : held) h.reset();
    for (handle& h : held) {
      h = pool.get();
      keep(h.get());
    }
  });
}

void pool_starvation(unsigned threads, const amount& wanted, json_line& out) {
  run<std::vector<handle>>(threads, wanted, out, [](auto& pool, auto& held) {
    // Go puts 67 whatever it got; what this thread lacks, at first all of them, it has to make.
    while (held.size() < starved_puts) held.push_back(pool.get());
    for (std::size_t i = 0; i < starved_puts; ++i) held.pop_back();
    for (int i = 0; i < starved_gets; ++i) {
      if (handle h = pool.try_get()) held.push_back(std::move(h));
    }
  });
}

}  // namespace bench::go
