// The depot: the full magazines of one shard. Lock-free; any thread pushes to and pops from any shard's.
//
// A stack of magazines: the newest first, for its owner and for thieves alike. docs/differences_from_go.md
// says what the two-ended ring of Go's poolDequeue would cost here, and that it was measured.
//
// A magazine in a depot keeps in word 1 {objects in it and below : 48, top : 8, base : 8}, so the number of
// idle objects is read from the head and costs no counter.
#pragma once

#include <ebb/detail/magazine_store.hpp>
#include <ebb/detail/versioned_stack.hpp>

namespace ebb::detail {

class alignas(64) depot {
 public:
  // The caller gives up the magazine, which must not be empty.
  void push(owned_magazine m) noexcept {
    magazine& block = *m.block;
    stack_.push(block.index(), [&](std::uint32_t below) {
      // Possibly stale; then the push's compare-exchange fails and this runs again.
      const std::uint64_t rest = below == 0 ? 0 : magazines().at(below)->load(1) >> 16;
      block.set_below(below);
      block.store(1, (rest + m.count()) << 16 | m.top << 8 | m.base);
    });
  }

  // Returns the newest magazine, now the caller's alone, or an empty handle.
  [[nodiscard]] EBB_FAST_PATH owned_magazine pop() noexcept {
    return is_empty() ? owned_magazine{} : pop_slow();
  }

  // A guess by the time it is used.
  [[nodiscard]] bool is_empty() const noexcept { return stack_.top() == 0; }

  // Objects in all its magazines; exact while nobody works on the depot.
  [[nodiscard]] std::uint64_t objects() const noexcept {
    const std::uint32_t index = stack_.top();
    return index == 0 ? 0 : magazines().at(index)->load(1) >> 16;
  }

 private:
  EBB_SLOW_PATH owned_magazine pop_slow() noexcept {
    const std::uint32_t index = stack_.pop([](std::uint32_t i) {
      magazine* const newest = magazines().at(i);
      newest->prefetch();
      return newest->below() & max_stack_index;
    });
    if (index == 0) return {};
    magazine* const block = magazines().at(index);
    const std::uint64_t parked = block->load(1);
    return {block, static_cast<std::uint32_t>(parked & 0xff),
            static_cast<std::uint32_t>(parked >> 8 & 0xff)};
  }

  versioned_stack stack_;
};

}  // namespace ebb::detail
