// The pools of one pool_resource: for each alignment a set of size classes, and for each class a pool_core
// whose objects are raw blocks from upstream. Blocks have no header: who gives one back says what it asked
// for, and that leads to the class it came from.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/block_classes.hpp>
#include <ebb/detail/idle_budget.hpp>
#include <ebb/detail/pool_core.hpp>

namespace ebb {

struct pool_resource_options;

namespace detail {

// Where the blocks of one class come from and go to; the context of its pool_core.
struct block_origin {
  std::pmr::memory_resource* upstream;
  std::size_t bytes;
  std::size_t alignment;

  [[nodiscard]] static block_origin& of(const pool_core& c) noexcept {
    return *static_cast<block_origin*>(c.traits().context);
  }
  [[nodiscard]] void* allocate() const { return upstream->allocate(bytes, alignment); }
  void deallocate(void* block) const noexcept { upstream->deallocate(block, bytes, alignment); }
};

// What all classes of a resource have in common.
struct block_source {
  std::pmr::memory_resource* upstream;
  void (*destroy)(void* block, void* block_origin) noexcept;
  const char* pool_type;
  std::string name;
  idle_budget* budget;  // in bytes
};

// The classes for one alignment, the smallest first.
class block_set {
 public:
  block_set(const block_source& source, std::size_t alignment, std::size_t largest_bytes);
  ~block_set();
  block_set(const block_set&) = delete;
  block_set& operator=(const block_set&) = delete;

  [[nodiscard]] pool_core* begin() const noexcept { return classes_; }
  [[nodiscard]] pool_core* end() const noexcept { return classes_ + count_; }

 private:
  explicit block_set(std::size_t capacity);
  const std::size_t capacity_;
  std::size_t count_ = 0;
  const std::unique_ptr<block_origin[]> origins_;
  // In memory of their own, because a pool_core does not move. Nothing but cores: the step from one to the
  // next is a power of two then, which is the shortest way from a size to its hot word.
  pool_core* const classes_;
};

class EBB_API block_pools {
 public:
  // `destroy` gets a block and its block_origin. Throws std::invalid_argument when an option is out of
  // range or `upstream` is null.
  block_pools(const pool_resource_options& o, std::pmr::memory_resource* upstream,
              void (*destroy)(void*, void*) noexcept, const char* pool_type);
  // Gives what is idle back to upstream.
  ~block_pools();
  block_pools(const block_pools&) = delete;
  block_pools& operator=(const block_pools&) = delete;

  // Nearly all requests are small, and served by inlined code; 0 bytes wrap around, and are not.
  [[nodiscard]] EBB_FAST_PATH bool is_small(std::size_t bytes, std::size_t alignment) const noexcept {
    return bytes - 1 < small_ && alignment <= plain_alignment;
  }
  [[nodiscard]] EBB_FAST_PATH pool_core& small(std::size_t bytes) const noexcept {
    // % changes nothing: g++ does not see that is_small() has been asked, and warns of large constants.
    return plain_[small_classes[(bytes - 1) / plain_alignment % small_classes.size()]];
  }
  // Any request with the plain alignment, except for 0 bytes.
  [[nodiscard]] EBB_FAST_PATH bool is_plain(std::size_t bytes, std::size_t alignment) const noexcept {
    return bytes - 1 < largest_ && alignment <= plain_alignment;
  }
  [[nodiscard]] EBB_FAST_PATH pool_core& plain(std::size_t bytes) const noexcept {
    return plain_[class_of_last_unit((bytes - 1) / plain_alignment)];
  }

  // The class of any request; null if it is not pooled, or if nothing was ever allocated with this
  // alignment.
  [[nodiscard]] pool_core* find(std::size_t bytes, std::size_t alignment) const noexcept;
  // The same, and makes the classes for this alignment if they are missing; null if the request is not
  // pooled. Throws std::bad_alloc.
  [[nodiscard]] pool_core* find_or_make(std::size_t bytes, std::size_t alignment);

  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const auto& set : sets_) {
      const block_set* const classes = set.load(std::memory_order_acquire);  // edge block-set
      if (classes == nullptr) continue;
      for (pool_core& c : *classes) visit(c);
    }
  }

  // Nothing is ever idle here: who checked builds name as the owner of blocks that are not pooled.
  [[nodiscard]] pool_core& unpooled() noexcept { return unpooled_; }
  [[nodiscard]] std::pmr::memory_resource* upstream() const noexcept { return source_.upstream; }
  [[nodiscard]] std::size_t largest() const noexcept { return largest_; }
  [[nodiscard]] const std::string& name() const noexcept { return source_.name; }
  [[nodiscard]] pool_stats stats() const noexcept;
  void set_max_idle_bytes(std::uint64_t bytes) noexcept;
  [[nodiscard]] std::size_t idle_bytes() const noexcept;

 private:
  [[nodiscard]] bool is_pooled(std::size_t bytes, std::size_t alignment) const noexcept;
  void make_set(std::size_t alignment);

  // The first two are all that nearly every hit reads of this object; constant like the rest, but for
  // sets_.
  std::size_t small_;           // bytes: the smaller of small_bytes and largest_
  pool_core* plain_ = nullptr;  // the classes of sets_[0]
  std::size_t largest_;         // bytes
  idle_budget budget_;          // bytes, for all classes
  block_source source_;
  pool_core unpooled_;
  // Each goes null -> set, once, by whoever first allocates with its alignment; read by every request that
  // is not plain. Edge block-set: release by make_set(), acquire by find(), for_each().
  std::array<atomic<block_set*>, alignment_sets> sets_{};
};

}  // namespace detail
}  // namespace ebb
