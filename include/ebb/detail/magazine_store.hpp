// Empty magazines, for all pools of the process: per shard, because a stack that all CPUs share becomes the
// hottest line of the program (measured: 14 ns per get+put pair instead of 2.9 with 2 threads).
#pragma once

#include <cstddef>
#include <cstdint>

#include <ebb/detail/block_arena.hpp>
#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/percpu.hpp>

namespace ebb::detail {

class magazine_store {
  struct alignas(shard_bytes) empties {
    versioned_stack stack;
    // One more, for whoever works under the shard's id: taken and given by a critical section, so that a
    // shard that spills and refills in turns pays for no atomic operation on the stack.
    atomic<void*> spare;
  };

 public:
  // Called once, before any other function. `memory` holds `shards` zeroed elements.
  static constexpr std::size_t bytes_per_shard = sizeof(empties);
  void set_shards(void* memory, std::uint32_t shards) noexcept {
    per_shard_ = memory;
    shards_ = shards;
  }

  // An empty magazine that is the caller's alone: from this shard, from another one, or new memory.
  // Null when there is none.
  [[nodiscard]] magazine* acquire(std::uint32_t id) noexcept {
    void* const spare = percpu::exchange(per_shard_, shards_, offsetof(empties, spare), nullptr);
    return spare != nullptr ? static_cast<magazine*>(spare) : acquire_slow(id);
  }
  // Takes back an empty magazine. Null, and the magazine that is none, are ignored.
  void release(magazine* block, std::uint32_t id) noexcept {
    if (block == nullptr || block == &no_magazine) return;
    void* const before = percpu::exchange(per_shard_, shards_, offsetof(empties, spare), block);
    if (before != nullptr) push(static_cast<magazine*>(before), of(id));
  }
  // Returns memory of empty magazines to the kernel. One thread at a time (the collector).
  void trim() noexcept;

  // `index` may be stale, but was valid once.
  [[nodiscard]] magazine* at(std::uint32_t index) const noexcept {
    auto* const page = static_cast<magazine*>(pages_.at(page_of(index)));
    return page + (index - 1) % per_page;
  }

  static constexpr std::uint32_t page_bytes = empties_page_bytes;
  static constexpr std::uint32_t per_page = page_bytes / magazine_bytes;

 private:
  static constexpr std::uint32_t page_of(std::uint32_t index) noexcept {
    return (index - 1) / per_page + 1;
  }
  [[nodiscard]] empties& of(std::uint32_t id) noexcept {
    return static_cast<empties*>(per_shard_)[id % shards_];
  }
  [[nodiscard]] magazine* acquire_slow(std::uint32_t id) noexcept;
  [[nodiscard]] magazine* pop(empties& from) noexcept;
  void push(magazine* block, empties& to) noexcept;
  [[nodiscard]] magazine* carve(std::uint32_t id) noexcept;

  block_arena pages_{page_bytes};
  void* per_shard_ = nullptr;  // empties[shards_]; set once while the library is loaded
  std::uint32_t shards_ = 0;
};

// The one of this process.
EBB_API extern magazine_store the_magazine_store;
[[nodiscard]] inline magazine_store& magazines() noexcept { return the_magazine_store; }

}  // namespace ebb::detail
