// One thread allocates, another one deallocates: what passes between them is a queue of their own, the same
// for every system. The time is that of one block, by the slower of the two.
#include <array>

#include "harness/keep.hpp"
#include "harness/random_sizes.hpp"
#include "harness/spsc_queue.hpp"
#include "memory_cases.hpp"
#include "systems/blocks.hpp"

namespace bench {

namespace {

struct handed_over {
  std::size_t* block;
  std::size_t bytes;
};

// The same blocks again and again: what the queue and the travelling of blocks between cores cost.
class no_allocation {
 public:
  static constexpr const char* name = "no_allocation";
  void* allocate(std::size_t /*bytes*/) { return blocks_[next_++ % count].words; }
  static void deallocate(void* /*block*/, std::size_t /*bytes*/) {}

 private:
  static constexpr std::size_t count = 2048;  // more than fit into the queue
  struct alignas(64) memory {
    std::size_t words[8];
  };
  std::array<memory, count> blocks_{};
  std::size_t next_ = 0;
};

struct blocks_handover_case {
  static constexpr const char* name = "blocks_handover";
  static constexpr std::size_t operations = 1;
  static inline spsc_queue<handed_over> in_transit;  // empty after each slice

  template <class System>
  struct state {
    unsigned thread = 0;
    random_sizes sizes;
    std::size_t sum = 0;
  };

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    if (mine.thread == 0) {
      produce(system, mine.sizes, repeats);
    } else {
      consume(system, mine.sum, repeats);
    }
  }

  template <class System>
  static void produce(System& system, random_sizes& sizes, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      const std::size_t bytes = sizes.between(16, 512);
      auto* const block = static_cast<std::size_t*>(system.allocate(bytes));
      *block = i;
      in_transit.push({block, bytes});
    }
    in_transit.publish_tail();
  }

  template <class System>
  static void consume(System& system, std::size_t& sum, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      const handed_over item = in_transit.pop();
      sum += *item.block;
      system.deallocate(item.block, item.bytes);
    }
    in_transit.publish_head();
    keep(&sum);
  }
};

}  // namespace

void add_blocks_handover(std::vector<lineup>& all) {
  all.push_back(
      lineup_of<blocks_handover_case, std_synchronized, operator_new, ebb_blocks, no_allocation>(2));
}

}  // namespace bench
