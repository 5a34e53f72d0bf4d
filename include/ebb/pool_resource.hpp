// pool_resource: a std::pmr::memory_resource that any thread allocates from, and that any other gives back
// to, at the price of a thread-local free list. pool_allocator<T>: the same for containers not in std::pmr.
#pragma once

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <string>
#include <type_traits>
#include <typeinfo>

#include <ebb/detail/block_pools.hpp>
#include <ebb/detail/checks.hpp>
#include <ebb/stats.hpp>
#include <ebb/unlimited.hpp>

namespace ebb {

/// Members may be left out.
struct pool_resource_options {
  /// Larger blocks go straight to upstream. In bytes, 256 .. 1 MiB; rounded up to the next size class.
  std::size_t largest_pooled_bytes = std::size_t{64} * 1024;

  /// Bytes that may be idle in all size classes together, 0 .. unlimited. What is over goes upstream when
  /// it is deallocated. The room a shard has set aside for its next blocks counts as used, up to half of
  /// the bound in each class.
  std::size_t max_idle_bytes = unlimited;

  /// For messages; need not be unique.
  std::string name = {};
};

#if EBB_CHECKED
inline namespace checked {
#endif

/// Lends memory in size classes: multiples of 16 bytes up to 128, then eight classes to every doubling, so
/// that above 128 bytes a block is less than 12.5 % larger than what was asked for. Alignments of 32 to
/// 4096 have classes of their own, in multiples of the alignment. What needs more than that, or is larger
/// than `largest_pooled_bytes`, comes straight from upstream. Blocks have no header. Idle ones ebb with the
/// cycles like the objects of an object_pool.
///
/// May be a local, a member, a function static or a global, and the default resource of the process; must
/// outlive what was allocated from it.
///
///     ebb::pool_resource memory;
///     std::pmr::map<int, std::pmr::string> names{&memory};   // to be filled here and emptied there
class EBB_API pool_resource final : public std::pmr::memory_resource {
 public:
  using options = pool_resource_options;

  pool_resource() : pool_resource(options{}) {}

  /// A resource that takes its memory from `upstream`.
  /// Throws       as with options.
  explicit pool_resource(std::pmr::memory_resource* upstream) : pool_resource(options{}, upstream) {}

  /// A resource with options. Any thread may call `upstream`, and the collector's does to give back what
  /// is no longer used: it must be safe for that, and outlive the resource.
  /// Throws       std::invalid_argument when an option is out of range or `upstream` is null;
  ///              std::bad_alloc.
  /// Cost         about 25 KB for the tables of the size classes; upstream is not asked before the first
  ///              allocation.
  /// Unlike std   the default of `upstream` is new_delete_resource(), not what get_default_resource()
  ///              returns: a pool_resource that is made the default must not feed on itself.
  explicit pool_resource(const options& o,
                         std::pmr::memory_resource* upstream = std::pmr::new_delete_resource())
      : pools_(o, upstream, destroy, typeid(pool_resource).name()) {}

  /// Gives what is idle back to upstream. No other thread may be using the resource, and no block may be
  /// out.
  /// Unlike std   blocks that are still out are not freed: they leak (checked builds stop the program).
  ~pool_resource() override {
    if constexpr (detail::checked_build) {
      pools_.for_each([](const detail::pool_core& c) { detail::checks::pool_dies(c); });
      detail::checks::pool_dies(pools_.unpooled());
    }
  }
  pool_resource(const pool_resource&) = delete;
  pool_resource& operator=(const pool_resource&) = delete;

  /// Takes a block of at least `bytes` bytes from the pool, or from upstream. Called on a pool_resource
  /// this is no virtual call, and the size class of a constant size up to 2 KiB is a constant.
  /// Returns      memory aligned to `alignment`, a power of two, and at least to 16; for 0 bytes, too, a
  ///              pointer that no other block has.
  /// Throws       what upstream throws, and nothing is lost then; std::bad_alloc for more than PTRDIFF_MAX
  ///              bytes, and when there is no memory for the tables of an alignment above 16 that is used
  ///              for the first time.
  /// Threads      safe from any thread.
  /// Cost         hit: O(1), no lock, no syscall, no allocation. miss: O(CPUs) probes, then upstream.
  /// Ordering     what was done to a block before deallocate() happens-before the allocate() that
  ///              returns it.
  /// Unlike std   synchronized_pool_resource takes a lock; its blocks come in chunks from upstream,
  ///              these one by one.
  [[nodiscard]] EBB_FAST_PATH void* allocate(std::size_t bytes, std::size_t alignment = plain) {
    if (pools_.is_small(bytes, alignment)) [[likely]]
      return take(pools_.small(bytes), bytes);
    return allocate_larger(bytes, alignment);
  }

  /// Gives a block back, to be called with the size and the alignment it was asked for with.
  /// Returns      nothing: a block that cannot be kept goes upstream, and is counted.
  /// Throws       nothing.
  /// Threads      safe from any thread, not only from the one that allocated.
  /// Cost         hit: O(1), no lock, no syscall, no allocation. miss: one magazine moves to the depot.
  /// Ordering     see allocate().
  EBB_FAST_PATH void deallocate(void* block, std::size_t bytes, std::size_t alignment = plain) noexcept {
    if (pools_.is_small(bytes, alignment)) [[likely]]
      return put_back(pools_.small(bytes), block);
    deallocate_larger(block, bytes, alignment);
  }

  /// Gives all blocks that are idle back to upstream now. Blocks in use, and what they hold, stay as
  /// they are.
  /// Throws       nothing.
  /// Threads      safe from any thread; what others deallocate meanwhile may stay, as all does while the
  ///              kernel refuses membarrier.
  /// Cost         two membarriers for each size class that was ever used, and upstream's deallocate().
  /// Ordering     what was done to a block before deallocate() happens-before upstream's deallocate() of
  ///              it.
  /// Unlike std   std::pmr::synchronized_pool_resource::release() frees blocks in use, too.
  void release() noexcept {
    pools_.for_each([](detail::pool_core& c) { c.drain(); });
  }

  /// Changes what options.max_idle_bytes says. What is over is given back before this returns, the coldest
  /// first. A deallocate() that runs meanwhile may keep up to a magazine more; the next cycle gives it
  /// back.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         two membarriers for the whole process if anything is over, and upstream's deallocate().
  void set_max_idle_bytes(std::size_t bytes) noexcept { pools_.set_max_idle_bytes(bytes); }

  /// Returns      where memory comes from.
  [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept { return pools_.upstream(); }

  /// Returns      the size in bytes of the largest class with the plain alignment.
  [[nodiscard]] std::size_t largest_pooled_bytes() const noexcept { return pools_.largest(); }

  /// Returns      a snapshot of what all size classes did and hold; numbers are blocks. Those that are not
  ///              pooled are counted nowhere.
  /// Throws       nothing.
  /// Threads      safe from any thread; never slows a hit.
  /// Cost         O(size classes * shards) loads.
  [[nodiscard]] pool_stats stats() const noexcept { return pools_.stats(); }
  /// Bytes of the blocks that are idle. Exact as pool_stats::idle is.
  [[nodiscard]] std::size_t idle_bytes() const noexcept { return pools_.idle_bytes(); }

  /// Returns      the name given in the options.
  [[nodiscard]] const std::string& name() const noexcept { return pools_.name(); }

 private:
  static constexpr std::size_t plain = detail::plain_alignment;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept override {
    deallocate(block, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  // By a cycle, by a deallocate() that cannot keep the block, by release(), or with the resource.
  static void destroy(void* block, void* context) noexcept {
    const auto& origin = *static_cast<detail::block_origin*>(context);
    detail::checks::dies(block, origin.bytes);
    origin.deallocate(block);
  }

  // What a block has beyond the bytes that were asked for stays poisoned.
  EBB_FAST_PATH static void* take(detail::pool_core& c, std::size_t bytes) {
    detail::checks::before_get(c);
    void* const block = c.get();
    if (block == nullptr) [[unlikely]]
      return make(c, bytes);
    detail::checks::leaves(c, block, bytes);
    return block;
  }

  EBB_SLOW_PATH static void* make(detail::pool_core& c, std::size_t bytes) {
    void* const block = detail::block_origin::of(c).allocate();
    c.count(detail::event::made);
    detail::checks::made(c, block);
    if constexpr (detail::checked_build) {
      detail::checks::poison(static_cast<std::byte*>(block) + bytes, c.traits().bytes - bytes);
    }
    return block;
  }

  EBB_FAST_PATH static void put_back(detail::pool_core& c, void* block) noexcept {
    detail::checks::returns(c, block);
    if (detail::checks::enters(c, block, c.traits().bytes)) c.put(block);
  }

  // More than 2 KiB, more than the plain alignment, or 0 bytes.
  EBB_SLOW_PATH void* allocate_larger(std::size_t bytes, std::size_t alignment) {
    if (pools_.is_plain(bytes, alignment)) [[likely]]
      return take(pools_.plain(bytes), bytes);
    if (detail::pool_core* const c = pools_.find_or_make(bytes, alignment)) return take(*c, bytes);
    // new_delete_resource() of libstdc++ 12 rounds up without a look, and returns a few bytes.
    if (bytes > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()))
      throw std::bad_alloc();
    void* const block = pools_.upstream()->allocate(bytes, alignment);
    detail::checks::made(pools_.unpooled(), block);
    return block;
  }

  EBB_SLOW_PATH void deallocate_larger(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    if (pools_.is_plain(bytes, alignment)) [[likely]]
      return put_back(pools_.plain(bytes), block);
    if (detail::pool_core* const c = pools_.find(bytes, alignment)) return put_back(*c, block);
    detail::checks::detaches(pools_.unpooled(), block);
    pools_.upstream()->deallocate(block, bytes, alignment);
  }

  detail::block_pools pools_;
};

/// Returns      the resource that a pool_allocator uses if it is given no other. It is made by the first
///              call and never destroyed, so that containers with static storage duration may use it.
/// Throws       nothing; without memory for its tables the program ends.
/// Threads      safe from any thread.
[[nodiscard]] EBB_API inline pool_resource& default_pool_resource() noexcept {
  alignas(pool_resource) static std::byte storage[sizeof(pool_resource)];
  static auto* const resource = new (storage) pool_resource({.name = "default_pool_resource"});
  return *resource;
}

/// An allocator over a pool_resource, for containers that are not in std::pmr: it calls without a
/// virtual call, and in containers of nodes the size class is a compile-time constant.
///
///     std::map<int, int, std::less<>, ebb::pool_allocator<std::pair<const int, int>>> m;
template <class T>
class pool_allocator {
 public:
  using value_type = T;

  // The resource goes with the elements: moving and swapping containers is always O(1), never element by
  // element, and swapping containers of two resources is not undefined behaviour. Copies use the resource
  // of the original.
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  /// An allocator over default_pool_resource().
  pool_allocator() noexcept : resource_(&default_pool_resource()) {}

  /// An allocator over `resource`, which must outlive what is allocated.
  pool_allocator(pool_resource& resource) noexcept : resource_(&resource) {}

  /// An allocator over the same resource as `other`.
  template <class U>
  pool_allocator(const pool_allocator<U>& other) noexcept : resource_(other.resource()) {}

  /// Takes memory for `count` objects of type T.
  /// Throws       std::bad_array_new_length when their size is more than a std::size_t can say;
  ///              otherwise as pool_resource::allocate().
  /// Threads      safe from any thread.
  /// Cost         as pool_resource::allocate(), without a virtual call.
  [[nodiscard]] EBB_FAST_PATH T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(resource_->allocate(count * sizeof(T), alignof(T)));
  }

  /// Gives memory back, to be called with the `count` it was asked for with.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         as pool_resource::deallocate().
  EBB_FAST_PATH void deallocate(T* objects, std::size_t count) noexcept {
    resource_->deallocate(objects, count * sizeof(T), alignof(T));
  }

  /// Returns      where memory comes from.
  [[nodiscard]] pool_resource* resource() const noexcept { return resource_; }

 private:
  pool_resource* resource_;
};

/// Returns      whether either can deallocate what the other has allocated.
template <class T, class U>
[[nodiscard]] bool operator==(const pool_allocator<T>& a, const pool_allocator<U>& b) noexcept {
  return a.resource() == b.resource();
}

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
