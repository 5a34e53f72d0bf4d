// A lock-free stack of indices (Treiber's), for any number of threads.
//
// ABA: between a pop's read of the head and its compare-exchange the same index may be popped, and pushed
// again above something else. The head therefore carries a version that every pop raises (a head can only
// return to an old index through a pop of it). 36 bits wrap after 68.7 G pops of this one stack; with a
// contended line moving at 20 ns at best that is 23 minutes of nothing but pops while one thread stands
// still between two instructions, and it then has to resume at exactly the same count.
//
// Reuse: a pop that lost its race may still read the link of an element that is long gone. Elements are
// therefore indices into memory that stays mapped for the life of the process (block_arena.hpp), and what
// such a read returns is thrown away, because the compare-exchange fails.
#pragma once

#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/widths.hpp>

namespace ebb::detail {

inline constexpr std::uint32_t max_stack_index = (std::uint32_t{1} << stack_index_bits) - 1;

class versioned_stack {
 public:
  // `link(below)` stores in the pushed element what lies below it; it may run several times.
  template <class Link>
  void push(std::uint32_t index, Link link) noexcept {
    // Edge stack, acquire half, because `link` may read the element that will lie below: a depot adds to
    // the total that it finds there. The CAS proves that it is the right element, not that its words were
    // seen.
    std::uint64_t head = head_.load(std::memory_order_acquire);
    do {
      link(index_of(head));
      // Edge stack, release half (acquire half: pop, top, and push itself).
      //   Publishes:   the element's link and everything its owner wrote, objects included.
      //   If relaxed:  a pop takes a stale link, or a magazine whose objects it sees half-written.
      //   Checked by:  the model checker, mutants stack-release and stack-acquire-....
    } while (!head_.compare_exchange_weak(head, (head & version_mask) | index, std::memory_order_release,
                                          std::memory_order_acquire));
  }

  // `below(index)` reads the link of an element, possibly a stale one. Returns 0 when empty.
  template <class Below>
  [[nodiscard]] std::uint32_t pop(Below below) noexcept {
    // Edge stack, acquire half. Every later change of head_ is a read-modify-write, so a push's release
    // sequence reaches whoever reads a head that still has the element in it.
    std::uint64_t head = head_.load(std::memory_order_acquire);
    while (index_of(head) != 0) {
      const std::uint64_t next =
          (((head & version_mask) + one_version) & version_mask) | below(index_of(head));
      if (head_.compare_exchange_weak(head, next, std::memory_order_acquire, std::memory_order_acquire)) {
        return index_of(head);
      }
    }
    return 0;
  }

  // The newest element, 0 when empty; a guess by the time it is used.
  [[nodiscard]] std::uint32_t top() const noexcept {
    return index_of(head_.load(std::memory_order_acquire));  // edge stack, acquire half
  }

 private:
  static constexpr std::uint64_t version_mask = (~std::uint64_t{0} >> (64 - stack_version_bits))
                                                << stack_index_bits;
  static constexpr std::uint64_t one_version = std::uint64_t{1} << stack_index_bits;
  static constexpr std::uint32_t index_of(std::uint64_t head) noexcept {
    return static_cast<std::uint32_t>(head & max_stack_index);
  }

  atomic<std::uint64_t> head_{0};  // {version : 36, index : 28}; index 0 is "empty"
};

}  // namespace ebb::detail
