// One thread allocates, another one deallocates: what passes between them is a queue of their own, the same
// for every system. The time is that of one block, by the slower of the two.
#include <array>
#include <atomic>
#include <thread>

#include "cases.hpp"
#include "harness/keep.hpp"
#include "harness/random_sizes.hpp"
#include "systems/blocks.hpp"

namespace bench {

namespace {

struct handed_over {
  std::size_t* block;
  std::size_t bytes;
};

// For one producer and one consumer. Both publish only every so often how far they are: what is measured is
// not how fast a cache line travels.
class queue {
 public:
  void push(handed_over item) {
    while (tail_ - head_seen_ == capacity) {
      publish_tail();
      head_seen_ = wait_for_change(head_, head_seen_);
    }
    items_[tail_++ % capacity] = item;
    if (tail_ % batch == 0) publish_tail();
  }
  void publish_tail() { tail_published_.store(tail_, std::memory_order_release); }

  handed_over pop() {
    while (taken_ == tail_seen_) tail_seen_ = wait_for_change(tail_published_, tail_seen_);
    const handed_over item = items_[taken_++ % capacity];
    if (taken_ % batch == 0) publish_head();
    return item;
  }
  void publish_head() { head_.store(taken_, std::memory_order_release); }

 private:
  static constexpr std::size_t capacity = 1024;
  static constexpr std::size_t batch = 64;
  using position = std::atomic<std::size_t>;

  // The threads may share a core.
  static std::size_t wait_for_change(const position& p, std::size_t seen) {
    for (int i = 0; p.load(std::memory_order_acquire) == seen; ++i) {
      if (i >= 100) std::this_thread::yield();
    }
    return p.load(std::memory_order_acquire);
  }

  // What the other side reads, and what only the producer or only the consumer uses, lie apart.
  alignas(128) position tail_published_{0};
  alignas(128) position head_{0};
  alignas(128) std::size_t tail_ = 0;
  std::size_t head_seen_ = 0;
  alignas(128) std::size_t taken_ = 0;
  std::size_t tail_seen_ = 0;
  alignas(128) std::array<handed_over, capacity> items_;
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

struct handover_case {
  static constexpr const char* name = "handover";
  static constexpr std::size_t operations = 1;
  static inline queue in_transit;  // empty after each slice

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

void register_handover(const plan& p) {
  register_case<handover_case, versus<std_synchronized, operator_new, no_allocation>, ebb_blocks>(p, {2});
}

}  // namespace bench
