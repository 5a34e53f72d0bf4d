// get and put without types: THE hit path. Misses are in src/pool_core.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/percpu/percpu.hpp>
#include <ebb/detail/shard_log.hpp>
#include <ebb/stats.hpp>

namespace ebb::detail {

struct found_magazine;
class idle_budget;

// What the core has to know of the objects.
struct object_traits {
  void (*destroy)(void* object, void* context) noexcept;
  void* context;
  std::size_t bytes;      // what ASan poisons while the object is idle
  const char* pool_type;  // for messages: typeid(...).name() of the pool
};

struct pool_limits {
  std::size_t max_idle = ~std::size_t{0};
  std::uint32_t max_loaded = max_capacity;  // 1 .. max_capacity
  // Takes the place of max_idle where several pools share one bound; each object weighs `weight` of it.
  idle_budget* shared = nullptr;
  std::uint64_t weight = 1;
};

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

  // Destroys an object that is not kept, and counts why.
  void drop(void* object, event reason) noexcept;
  void count(event e, std::uint64_t n = 1) noexcept;
  // For EBB_RANDOM: moves this shard's loaded magazine to some shard's depot, so that gets have to steal.
  void scatter(std::uint32_t to) noexcept;
  // Destroys what is idle now, as two cycles over this pool alone would. Not while a fence is refused.
  void drain() noexcept;
  [[nodiscard]] pool_stats stats() const noexcept;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const object_traits& traits() const noexcept { return traits_; }

 private:
  friend struct pool_state;

  EBB_SLOW_PATH void* get_slow() noexcept;
  EBB_SLOW_PATH void put_slow(void* object) noexcept;
  EBB_SLOW_PATH void* find(pool_state& state) noexcept;
  EBB_SLOW_PATH void keep(void* object) noexcept;
  void use_rest(pool_state& state, std::uint32_t id, const found_magazine& found,
                std::uint32_t taken) noexcept;
  void load(pool_state& state, std::uint32_t id, owned_magazine m) noexcept;
  bool spill(pool_state& state, void* object) noexcept;
  bool park_full(pool_state& state, void* const* objects) noexcept;
  // The state, made by the first put; null when there is no memory for it.
  pool_state* state_for_put() noexcept;

  // Banks, depots and counters (src/pool_state.hpp); null until the first put.
  [[nodiscard]] pool_state* state() const noexcept {
    return state_of(local_.load(std::memory_order_acquire));  // edge bank, acquire half
  }

  // The shards of the bank that is local now. Written by the first put and by cycles; read inside every
  // critical section. Before the first put: a process-wide bank of shards that are empty and full.
  atomic<shard*> local_;
  const object_traits traits_;
  const pool_limits limits_;  // max_loaded as it can be used up under max_idle
  const std::string name_;
  // Counts what happens before the first put, and what the collector finds in other threads' shards.
  shard_log shared_log_;
};

}  // namespace ebb::detail
