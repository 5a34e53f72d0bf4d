// buffer_pool: memory for buffers in tiers of capacity, so that a small request does not pin a large block,
// and no request gets less than it asked for. The tiers are those of vitess' bucketpool.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <typeinfo>
#include <utility>

#include <ebb/detail/buffer_tiers.hpp>
#include <ebb/detail/checks.hpp>
#include <ebb/pooled_buffer.hpp>
#include <ebb/stats.hpp>
#include <ebb/unlimited.hpp>

namespace ebb {

/// What happens to bytes when they change hands.
enum class scrub : std::uint8_t {
  nothing,  ///< They stay as they are.
  zero,     ///< They are overwritten with zeros, even where a compiler could prove that nobody looks.
};

/// Members may be left out.
struct buffer_pool_options {
  /// Capacity of the smallest tier in bytes, 1 .. max_bytes. Each tier is twice the one below.
  std::size_t min_bytes = 1024;

  /// Capacity of the largest tier in bytes, min_bytes .. PTRDIFF_MAX; the last tier is exactly this large.
  /// Larger requests are served without being pooled.
  std::size_t max_bytes = std::size_t{1024} * 1024;

  /// Of data() in bytes, a power of two, 1 .. 2 MiB: 64 for SIMD, the page size for O_DIRECT. The default
  /// is what malloc() gives.
  std::size_t alignment = alignof(std::max_align_t);

  /// scrub::zero: bytes that get() and resize() add read as zero.
  scrub on_get = scrub::nothing;

  /// scrub::zero: for secrets. The whole capacity is overwritten before the memory is kept, moved, or
  /// freed.
  scrub on_put = scrub::nothing;

  /// Bytes that may be idle in all tiers together, 0 .. unlimited. What is over is freed when it is put. A
  /// block counts with the capacity of its tier. The room a shard has set aside for its next puts counts as
  /// used: up to half of the bound, or one block per shard and tier where that is more.
  std::size_t max_idle_bytes = unlimited;

  /// For messages and statistics; need not be unique.
  std::string name = {};
};

#if EBB_CHECKED
inline namespace checked {
#endif

/// Lends buffers out of tiers of capacity. Idle ones ebb with the cycles like the objects of an
/// object_pool. May be a local, a member, a function static or a global; must outlive its buffers. Nothing
/// is allocated for buffers before the first get.
///
///     ebb::buffer_pool tiers{{.min_bytes = 1024, .max_bytes = 16384}};   // 1024 2048 4096 8192 16384
///     ebb::pooled_buffer b = tiers.get(5000);                            // capacity() == 8192
class buffer_pool final : private detail::buffer_owner {
 public:
  using options = buffer_pool_options;

  buffer_pool() : buffer_pool(options{}) {}

  /// A pool with options.
  /// Throws       std::invalid_argument when one is out of range; std::bad_alloc.
  explicit buffer_pool(const options& o)
      : tiers_(o, *this, destroy, typeid(buffer_pool).name()),
        unpooled_{.owner = this, .zeroes = o.on_get == scrub::zero},
        wipes_(o.on_put == scrub::zero) {}

  /// Frees what is idle. No other thread may be using the pool, and no buffer may be out.
  ~buffer_pool() {
    for (std::size_t i = 0; i < tiers_.count(); ++i) {
      detail::checks::pool_dies(tiers_[i].core);
      tiers_[i].core.close();
    }
  }
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  /// Takes a buffer of `bytes` bytes from the smallest tier that has room for them, or allocates one there.
  /// Returns      a buffer with size() == bytes and the capacity of its tier; contents indeterminate unless
  ///              on_get is scrub::zero. Above max_bytes: one with exactly that capacity, which is not
  ///              pooled.
  /// Throws       std::bad_alloc.
  /// Threads      safe from any thread.
  /// Cost         hit: a few instructions more than object_pool::get(). miss: as there, and malloc().
  /// Ordering     what was done to a buffer before put happens-before the get() that returns its memory.
  /// Unlike Go    the size cannot be negative, and minima of 0 are refused.     [vitess bucketpool.Get]
  [[nodiscard]] EBB_FAST_PATH pooled_buffer get(std::size_t bytes) {
    if (tiers_.is_straight(bytes)) [[likely]] {
      detail::buffer_tier& tier = tiers_.for_request(bytes);
      return {take(tier), tier.capacity, &tier, bytes};
    }
    const found f = get_slow(bytes);
    return {f.data, std::max(f.home->capacity, bytes), f.home, bytes};
  }

  /// Gives memory to the pool, also such as it did not allocate. It is filed by the *floor* of its
  /// capacity, so that no get() is ever handed less than it asked for; what fits no tier, or is not aligned
  /// as the options say, is freed. Null is ignored.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         as the destructor of a buffer.
  /// Unlike Go    by floor: a block of 1500 bytes serves requests up to 1024.   [vitess bucketpool.Put]
  void put(detached_buffer memory) noexcept {
    std::byte* const data = memory.data.get();
    if (data == nullptr) return;
    const bool fits = memory.data.get_deleter().header_bytes == 0 && tiers_.is_aligned(data);
    detail::buffer_tier* const tier = fits ? tiers_.for_block(memory.capacity) : nullptr;
    detail::pool_core& core = tier != nullptr ? tier->core : largest();
    detail::checks::adopts(core, data);  // before anything is written to it
    if (wipes_) detail::wipe(data, memory.capacity);
    if (tier == nullptr) return detail::checks::dies(data, 0);
    (void)memory.data.release();
    if (detail::checks::enters(core, data, tier->capacity)) core.put(data);
  }

  /// Frees what is idle now, in all tiers.
  /// Returns      how many buffers this call freed. What other threads free meanwhile is not counted.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         two membarriers for the whole process and tier, and free().
  std::uint64_t drain() noexcept {
    std::uint64_t freed = 0;
    for (std::size_t i = 0; i < tiers_.count(); ++i) freed += tiers_[i].core.drain();
    return freed;
  }

  /// Changes what options.max_idle_bytes says. What is over is freed before this returns, the coldest
  /// first. A put that runs meanwhile may keep up to a magazine more; the next cycle frees it.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         two membarriers for the whole process if anything is over, and free().
  void set_max_idle_bytes(std::size_t bytes) noexcept { tiers_.set_max_idle_bytes(bytes); }

  /// How many tiers there are.
  [[nodiscard]] std::size_t tier_count() const noexcept { return tiers_.count(); }
  /// Capacity of the i-th in bytes, 0 <= i < tier_count(), ascending.
  [[nodiscard]] std::size_t tier_bytes(std::size_t i) const noexcept { return tiers_[i].capacity; }

  /// Returns      a snapshot of what one tier did and holds; numbers are buffers. Requests above max_bytes
  ///              are counted nowhere.
  /// Cost         O(shards) loads; never slows a hit.
  [[nodiscard]] pool_stats tier_stats(std::size_t i) const noexcept { return tiers_[i].core.stats(); }
  /// The same of all tiers together.
  [[nodiscard]] pool_stats stats() const noexcept {
    pool_stats sum;
    for (std::size_t i = 0; i < tier_count(); ++i) sum += tier_stats(i);
    return sum;
  }
  /// Bytes that are idle in all tiers. Exact as pool_stats::idle is.
  [[nodiscard]] std::size_t idle_bytes() const noexcept {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < tier_count(); ++i) sum += tier_stats(i).idle * tier_bytes(i);
    return sum;
  }

  /// Returns      the name given in the options.
  [[nodiscard]] const std::string& name() const noexcept { return tiers_.name(); }

 private:
  static void destroy(void* data, void* tier) noexcept {
    detail::checks::dies(data, static_cast<detail::buffer_tier*>(tier)->capacity);
    std::free(data);
  }

  // In two registers; the capacity of what is not pooled is the size that was asked for.
  struct found {
    std::byte* data;
    detail::buffer_home* home;
  };

  EBB_FAST_PATH std::byte* take(detail::buffer_tier& tier) {
    detail::checks::before_get(tier.core);
    void* const data = tier.core.get();
    if (data == nullptr) [[unlikely]]
      return allocate(tier);
    detail::checks::leaves(tier.core, data, tier.capacity);
    return static_cast<std::byte*>(data);
  }

  EBB_SLOW_PATH std::byte* allocate(detail::buffer_tier& tier) {
    std::byte* const data = tiers_.allocate(tier.capacity);
    tier.core.count(detail::event::made);
    detail::checks::made(tier.core, data);
    return data;
  }

  found acquire(std::size_t bytes) {
    if (bytes > tiers_.max_bytes()) {
      const found large{tiers_.allocate(bytes), &unpooled_};
      detail::checks::made(largest(), large.data);
      return large;
    }
    detail::buffer_tier& tier = tiers_.for_request(std::max<std::size_t>(bytes, 1));
    return {take(tier), &tier};
  }

  // For what is too large, for no bytes at all, and where on_get or on_put ask for scrubbing.
  EBB_SLOW_PATH found get_slow(std::size_t bytes) {
    const found f = acquire(bytes);
    if (f.home->zeroes) std::memset(f.data, 0, bytes);
    return f;
  }

  detail::buffer_block grow(std::byte* old, std::size_t capacity, detail::buffer_home* home,
                            std::size_t length, std::size_t bytes) override {
    const found f = acquire(bytes);
    if (old != nullptr) {
      std::memcpy(f.data, old, length);
      give_back(old, capacity, home, length);
    }
    return {f.data, std::max(f.home->capacity, bytes), f.home};
  }

  void give_back(std::byte* data, std::size_t capacity, detail::buffer_home* home,
                 std::size_t /*length*/) noexcept override {
    detail::pool_core& core = core_of(home);
    detail::checks::returns(core, data);
    if (wipes_) detail::wipe(data, capacity);
    if (home == &unpooled_) {
      detail::checks::dies(data, capacity);
      std::free(data);
    } else if (detail::checks::enters(core, data, capacity)) {
      core.put(data);
    }
  }

  void let_go(std::byte* data, detail::buffer_home* home) noexcept override {
    detail::pool_core& core = core_of(home);
    detail::checks::detaches(core, data);
    if (home != &unpooled_) core.count(detail::event::detached);
  }

  // Checked builds book what is not pooled with the largest tier, to notice when it outlives the pool.
  detail::pool_core& largest() noexcept { return tiers_[tiers_.count() - 1].core; }
  detail::pool_core& core_of(detail::buffer_home* home) noexcept {
    return home == &unpooled_ ? largest() : static_cast<detail::buffer_tier*>(home)->core;
  }

  detail::buffer_tiers tiers_;
  detail::buffer_home unpooled_;
  bool wipes_;
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
