// get and put without types: THE hit path. Misses are in src/pool_core.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/percpu/percpu.hpp>
#include <ebb/detail/shard_log.hpp>
#include <ebb/stats.hpp>
#include <ebb/steal.hpp>

namespace ebb::detail {

struct found_magazine;
class idle_budget;

// What the core has to know of the objects.
struct object_traits {
  void (*destroy)(void* object, void* context) noexcept;
  void* context;
  std::size_t bytes;      // what ASan poisons while the object is idle
  const char* pool_type;  // for messages: typeid(...).name() of the pool
  // Instead of destroy(), for those who want to know why. May be null.
  void (*evict)(void* object, void* context, eviction_reason why) noexcept = nullptr;
};

struct pool_limits {
  std::size_t max_idle = ~std::size_t{0};
  std::uint32_t max_loaded = max_capacity;  // 1 .. max_capacity
  // Takes the place of max_idle where several pools share one bound; each object weighs `weight` of it.
  idle_budget* shared = nullptr;
  std::uint64_t weight = 1;
  std::size_t max_idle_bytes = ~std::size_t{0};  // not with `shared`
  std::size_t keep_at_least = 0;
  steal stealing = steal::all;
  // Whether all_pools() adds `bytes` to its name: it is one tier of a pool.
  bool is_tier = false;
};

// What a shard may keep loaded of objects of one size, where there are pools for many sizes: out of other
// threads' reach, so not much.
inline constexpr std::size_t loaded_bytes = std::size_t{64} * 1024;
[[nodiscard]] constexpr std::uint32_t max_loaded_of(std::size_t bytes) noexcept {
  const std::size_t fit = loaded_bytes / bytes;
  return fit == 0 ? 1 : fit < max_capacity ? static_cast<std::uint32_t>(fit) : max_capacity;
}

class EBB_API pool_core {
 public:
  // Throws std::invalid_argument when a limit is out of range.
  pool_core(object_traits traits, pool_limits limits, std::string name);
  ~pool_core();
  pool_core(const pool_core&) = delete;
  pool_core& operator=(const pool_core&) = delete;

  // Destroys what is idle; their destructors may still put into this pool. Nothing may be put afterwards.
  void close() noexcept;

  // LIFE 1/5 get. Hit: one critical section on this CPU. Miss: get_slow() steals, then asks the victim;
  // null when nothing is idle, and object_pool<T> makes one.
  EBB_FAST_PATH void* get() noexcept {
    void* object;
    if (percpu::try_pop(local_, object) == percpu::result::done) [[likely]] {
      if (object == nullptr) __builtin_unreachable();  // spares the caller's handle a test
      return object;
    }
    return get_slow();
  }

  // LIFE 3/5 put. Hit: one critical section. Miss: put_slow() hands a full magazine to the depot.
  EBB_FAST_PATH void put(void* object) noexcept {
    if (percpu::try_push(local_, object) == percpu::result::done) [[likely]]
      return;
    put_slow(object);
  }

  // Up to `wanted` idle objects into `out`; returns how many there were. Counts no miss.
  std::size_t get_n(void** out, std::size_t wanted) noexcept;
  void put_n(void* const* objects, std::size_t count) noexcept;
  // The same, and nothing is loaded: it is where others find it, too.
  void stock(void* const* objects, std::size_t count) noexcept;

  // Destroys an object that is not kept, and counts why.
  void drop(void* object, eviction_reason why) noexcept;
  void count(event e, std::uint64_t n = 1) noexcept;
  // For EBB_RANDOM: moves this shard's loaded magazine to some shard's depot, so that gets have to steal.
  void scatter(std::uint32_t to) noexcept;
  // Destroys what is idle now, as two cycles over this pool alone would; returns how many objects. Not
  // while a fence is refused.
  std::uint64_t drain() noexcept;
  // What is over is destroyed before they return.
  void set_max_idle(std::uint64_t objects) noexcept;
  void set_max_idle_bytes(std::uint64_t bytes) noexcept;
  void set_keep_at_least(std::uint64_t objects) noexcept {
    keep_.store(objects, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t keep_at_least() const noexcept {
    return keep_.load(std::memory_order_relaxed);
  }
  // Throws std::invalid_argument when more are to be kept than may be.
  void check_keep(std::uint64_t objects) const;
  // Whether an object is larger than all that were put since the last cycle: then note_bytes() has to be
  // told before it is put.
  [[nodiscard]] EBB_FAST_PATH bool is_larger(std::uint64_t bytes) const noexcept {
    return bytes > largest_.load(std::memory_order_relaxed);  // relaxed: a number
  }
  // False if it is larger than all that may stay.
  [[nodiscard]] bool note_bytes(std::uint64_t bytes) noexcept {
    return !is_larger(bytes) || note_larger(bytes);
  }
  [[nodiscard]] pool_stats stats() const noexcept;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const object_traits& traits() const noexcept { return traits_; }

 private:
  friend struct pool_state;
  friend class registry;

  EBB_SLOW_PATH void* get_slow() noexcept;
  EBB_SLOW_PATH void put_slow(void* object) noexcept;
  EBB_SLOW_PATH void* get_portable(pool_state& state) noexcept;
  EBB_SLOW_PATH void* find(pool_state& state, std::uint32_t id) noexcept;
  EBB_SLOW_PATH void* miss(pool_state& state, std::uint32_t id) noexcept;
  EBB_SLOW_PATH void keep(void* object) noexcept;
  bool note_larger(std::uint64_t bytes) noexcept;
  void apply_bounds(pool_state& state) const noexcept;
  void note_cycle(pool_state& state) noexcept;
  void evict(void* object, eviction_reason why) noexcept {
    if (traits_.evict != nullptr) return traits_.evict(object, traits_.context, why);
    traits_.destroy(object, traits_.context);
  }
  void use_rest(pool_state& state, std::uint32_t id, const found_magazine& found,
                std::uint32_t taken) noexcept;
  void load(pool_state& state, std::uint32_t id, owned_magazine m, std::uint32_t spare) noexcept;
  bool spill(pool_state& state, void* object) noexcept;
  bool park(pool_state& state, void* const* objects, std::uint32_t count) noexcept;
  // The state, made by the first put; null when there is no memory for it.
  pool_state* state_for_put() noexcept;

  // Banks, depots and counters (src/pool_state.hpp); null until the first put.
  [[nodiscard]] shard* local_bank() const noexcept {
    return local_.load(std::memory_order_acquire);  // edge bank, acquire half
  }
  [[nodiscard]] pool_state* state() const noexcept { return state_of(local_bank()); }

  // The shards of the bank that is local now. Written by the first put and by cycles; read inside every
  // critical section. Before the first put: a process-wide bank of shards that are empty and full.
  alignas(64) atomic<shard*> local_;
  const object_traits traits_;
  // Of pool_limits, what does not change. What hits read ends here, and is only read while the pool is in
  // use.
  const struct {
    idle_budget* shared;
    std::uint64_t weight;
    std::uint32_t max_loaded;  // as it can be used up under the bound
    steal stealing;
    bool is_tier;
  } limits_;
  const std::string name_;
  // All relaxed: numbers.
  atomic<std::uint64_t> max_idle_;
  atomic<std::uint64_t> max_idle_bytes_;
  atomic<std::uint64_t> keep_;
  // The largest object, of those whose size is asked for, that was put since the last cycle.
  atomic<std::uint64_t> largest_{0};
  pool_log log_;
};
static_assert(sizeof(pool_core) == 256, "a power of two: block_pools finds a class by a shift");

}  // namespace ebb::detail
