// calibrated_buffer_pool: buffers whose size follows from what they are used for. Calibrates like
// valyala/bytebufferpool, and keeps a large buffer only while it is well used, like Go's encoding/json.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <typeinfo>
#include <utility>

#include <ebb/detail/calibration.hpp>
#include <ebb/detail/checks.hpp>
#include <ebb/detail/retention.hpp>
#include <ebb/pooled_buffer.hpp>
#include <ebb/stats.hpp>
#include <ebb/unlimited.hpp>

namespace ebb {

/// Members may be left out.
struct calibrated_buffer_pool_options {
  /// Idle buffers kept at most, 0 .. unlimited. What is over is freed when it is put.
  std::size_t max_idle = unlimited;

  /// The same in bytes, 0 .. unlimited. Each idle buffer counts for as much as the largest that was put in
  /// this cycle and the one before, rounded up by at most an eighth; a larger one than this is freed.
  std::size_t max_idle_bytes = unlimited;

  /// Buffers a shard may keep loaded, out of other threads' reach, 1 .. 62. Fewer for larger buffers.
  std::uint32_t max_loaded = 16;

  /// For messages and statistics; need not be unique.
  std::string name = {};
};

#if EBB_CHECKED
inline namespace checked {
#endif

/// Lends empty buffers that tend to have the right capacity. Of the buffers that come back it learns, after
/// 42,000 in one class of length (64 bytes << i), the most frequent class, which new buffers then have, and
/// the largest class that is needed for 95 % of them, above which none is kept. Idle buffers ebb with the
/// cycles like the objects of an object_pool. Must outlive its buffers.
///
///     ebb::calibrated_buffer_pool out;
///     ebb::pooled_buffer o = out.get();   // size() == 0, capacity() >= out.default_bytes()
///     o.append("{\"status\":200}");
///
/// Unlike bytebufferpool: capacities are classes, so what has the right length never has too large a
/// capacity; what is smaller than the default is not handed out; buffers that come back empty say nothing
/// about sizes and are not counted; of equally frequent classes the smaller is the default; and one
/// histogram is calibrated once.
class calibrated_buffer_pool final : private detail::buffer_owner {
 public:
  using options = calibrated_buffer_pool_options;

  calibrated_buffer_pool() : calibrated_buffer_pool(options{}) {}

  /// A pool with options.
  /// Throws       std::invalid_argument when max_loaded is out of range; std::bad_alloc.
  explicit calibrated_buffer_pool(options o)
      : all_(detail::buffer_home{.owner = this, .header_bytes = sizeof(header)},
             {.destroy = destroy,
              .context = nullptr,
              .bytes = detail::calibration::smallest_bytes,
              .pool_type = typeid(calibrated_buffer_pool).name()},
             {.max_idle = o.max_idle, .max_loaded = o.max_loaded, .max_idle_bytes = o.max_idle_bytes},
             std::move(o.name)) {}

  /// Frees what is idle. No other thread may be using the pool, and no buffer may be out.
  ~calibrated_buffer_pool() {
    detail::checks::pool_dies(all_.core);
    all_.core.close();
  }
  calibrated_buffer_pool(const calibrated_buffer_pool&) = delete;
  calibrated_buffer_pool& operator=(const calibrated_buffer_pool&) = delete;

  /// Takes an empty buffer, or allocates one of default_bytes().
  /// Returns      a buffer with size() == 0 and capacity() >= default_bytes().
  /// Throws       std::bad_alloc.
  /// Threads      safe from any thread.
  /// Cost         hit: as object_pool::get(). miss: as there, and malloc().
  /// Ordering     what was done to a buffer before put happens-before the get() that returns its memory.
  /// Unlike Go    never smaller than the default.                        [bytebufferpool.Pool.Get]
  [[nodiscard]] EBB_FAST_PATH pooled_buffer get() {
    detail::checks::before_get(all_.core);
    if (void* const data = all_.core.get()) [[likely]] {
      detail::checks::leaves(all_.core, data, header_of(data)->capacity);
      const std::size_t capacity = header_of(data)->capacity;
      if (capacity >= default_bytes()) [[likely]]
        return {static_cast<std::byte*>(data), capacity, &all_, 0};
      all_.core.drop(data, eviction_reason::rejected);
    }
    const detail::buffer_block fresh = get_slow();
    return {fresh.data, fresh.capacity, &all_, 0};
  }

  /// Capacity of new buffers in bytes; 0 before the first calibration: buffers get memory when written to.
  [[nodiscard]] std::size_t default_bytes() const noexcept { return calibration_.default_bytes(); }
  /// Capacity in bytes above which no buffer is kept; 0 before the first calibration: there is no bound.
  [[nodiscard]] std::size_t max_bytes() const noexcept { return calibration_.max_bytes(); }

  /// Frees what is idle now.
  /// Returns      how many buffers this call freed. What other threads free meanwhile is not counted.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         two membarriers for the whole process, and free().
  std::uint64_t drain() noexcept { return all_.core.drain(); }

  /// Change what options.max_idle and options.max_idle_bytes say, as those of object_pool do.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         two membarriers for the whole process if anything is over, and free().
  void set_max_idle(std::size_t count) noexcept { all_.core.set_max_idle(count); }
  void set_max_idle_bytes(std::size_t bytes) noexcept { all_.core.set_max_idle_bytes(bytes); }

  /// Returns      a snapshot of what the pool did and holds; numbers are buffers. `dropped_rejected` are
  ///              those that were above max_bytes(), below default_bytes(), or ill used.
  /// Cost         O(shards) loads; never slows a hit.
  [[nodiscard]] pool_stats stats() const noexcept { return all_.core.stats(); }

  /// Returns      the name given in the options.
  [[nodiscard]] const std::string& name() const noexcept { return all_.core.name(); }

 private:
  // Lies before the data, so that buffers of any capacity fit into one pool.
  struct alignas(std::max_align_t) header {
    std::size_t capacity;
    detail::retention kept = {};
  };
  static header* header_of(void* data) noexcept { return static_cast<header*>(data) - 1; }

  static void destroy(void* data, void* /*context*/) noexcept {
    detail::checks::dies(data, header_of(data)->capacity);
    std::free(header_of(data));
  }

  EBB_SLOW_PATH detail::buffer_block get_slow() {
    // The hint: the class of what a dropped buffer was really used for.
    const std::size_t hint = next_bytes_.exchange(0, std::memory_order_relaxed);
    const std::size_t most = max_bytes();
    const std::size_t bytes = std::max(default_bytes(), most == 0 ? hint : std::min(hint, most));
    return bytes == 0 ? detail::buffer_block{} : make(bytes);
  }

  detail::buffer_block grow(std::byte* old, std::size_t /*capacity*/, detail::buffer_home* /*home*/,
                            std::size_t length, std::size_t bytes) override {
    if (old == nullptr) return start(bytes);
    const detail::buffer_block fresh = allocate(bytes);  // the same buffer, elsewhere
    std::memcpy(fresh.data, old, length);
    header_of(fresh.data)->kept = header_of(old)->kept;
    destroy(old, nullptr);
    return fresh;
  }

  // Memory for a handle that has none: it was reset or moved from, or there was nothing idle and no
  // default. What is idle first, or a handle that is reset and written to in a loop would fill the pool.
  detail::buffer_block start(std::size_t bytes) {
    bytes = std::max(bytes, default_bytes());
    detail::checks::before_get(all_.core);
    void* data = nullptr;
    if (all_.core.get_n(&data, 1) == 0) return make(bytes);
    detail::checks::leaves(all_.core, data, header_of(data)->capacity);
    pooled_buffer idle(static_cast<std::byte*>(data), header_of(data)->capacity, &all_, 0);
    idle.reserve(bytes);
    return std::exchange(idle.block_, {});
  }

  detail::buffer_block make(std::size_t bytes) {
    const detail::buffer_block fresh = allocate(bytes);
    all_.core.count(detail::event::made);
    return fresh;
  }

  detail::buffer_block allocate(std::size_t bytes) {
    const std::size_t capacity = std::bit_ceil(std::max(bytes, detail::calibration::smallest_bytes));
    void* const memory = std::malloc(sizeof(header) + capacity);
    if (memory == nullptr) throw std::bad_alloc();
    auto* const data = reinterpret_cast<std::byte*>(new (memory) header{.capacity = capacity} + 1);
    detail::checks::made(all_.core, data);
    return {data, capacity, &all_};
  }

  void give_back(std::byte* data, std::size_t capacity, detail::buffer_home* /*home*/,
                 std::size_t length) noexcept override {
    detail::checks::returns(all_.core, data);
    if (length != 0 && !calibration_.count_if_easy(length)) [[unlikely]] {
      return give_back_slow(data, capacity, length);
    }
    keep_or_drop(data, capacity, length);
  }

  // Calls nothing but as its last act, so that a hit has no registers to save.
  EBB_FAST_PATH void keep_or_drop(std::byte* data, std::size_t capacity, std::size_t length) noexcept {
    const std::size_t most = max_bytes();
    if (capacity - 1 > most - 1) return all_.core.drop(data, eviction_reason::rejected);  // 0: no bound
    if (!header_of(data)->kept.keep(capacity, length)) {
      next_bytes_.store(detail::retention::next_capacity(length), std::memory_order_relaxed);
      return all_.core.drop(data, eviction_reason::rejected);
    }
    if (all_.core.is_larger(capacity)) [[unlikely]] {
      return keep_larger(data, capacity);
    }
    if (detail::checks::enters(all_.core, data, capacity)) all_.core.put(data);
  }

  EBB_SLOW_PATH void keep_larger(std::byte* data, std::size_t capacity) noexcept {
    if (!all_.core.note_bytes(capacity)) return all_.core.drop(data, eviction_reason::over_budget);
    if (detail::checks::enters(all_.core, data, capacity)) all_.core.put(data);
  }

  EBB_SLOW_PATH void give_back_slow(std::byte* data, std::size_t capacity, std::size_t length) noexcept {
    calibration_.count_slow(length);
    keep_or_drop(data, capacity, length);
  }

  void let_go(std::byte* data, detail::buffer_home* /*home*/) noexcept override {
    detail::checks::detaches(all_.core, data);
    all_.core.count(detail::event::detached);
  }

  detail::buffer_tier all_;
  detail::calibration calibration_;
  // Written by puts that drop an ill-used buffer, taken by the next get that makes one. Relaxed: a hint.
  std::atomic<std::size_t> next_bytes_{0};
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
