// What carries things from one thread to another, the same for every system.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>

namespace bench {

// For one producer and one consumer. Both publish only every so often how far they are: what is measured is
// not how fast a cache line travels.
template <class Item>
class spsc_queue {
 public:
  void push(Item item) {
    while (tail_ - head_seen_ == capacity) {
      publish_tail();
      head_seen_ = wait_for_change(head_, head_seen_);
    }
    items_[tail_++ % capacity] = std::move(item);
    if (tail_ % batch == 0) publish_tail();
  }
  void publish_tail() { tail_published_.store(tail_, std::memory_order_release); }

  Item pop() {
    while (taken_ == tail_seen_) tail_seen_ = wait_for_change(tail_published_, tail_seen_);
    Item item = std::move(items_[taken_++ % capacity]);
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
  alignas(128) std::array<Item, capacity> items_{};
};

}  // namespace bench
