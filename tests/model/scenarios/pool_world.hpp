// A whole pool, and the registry: the rest of the library, included like world.hpp.
#pragma once

#include "world.hpp"

#include <ebb/detail/pool_core.hpp>

#include "collector_thread.hpp"
#include "registry.hpp"
#include "runtime.hpp"

#include "pool_core.cpp"
#include "pool_state.cpp"
#include "process_budget.cpp"
#include "registry.cpp"
#include "stats.cpp"

// No pressure either.
ebb::pressure_level ebb::pressure() noexcept { return pressure_level::low; }

namespace ebb::detail {

// Nobody to start.
atomic<collector_thread::word> collector_thread::word_{collector_thread::word::settled};
void collector_thread::start() noexcept {}
bool collector_thread::is_running() noexcept { return false; }
std::string pressure_control::description() { return {}; }

atomic<std::uint32_t (*)() noexcept> current_node{[]() noexcept -> std::uint32_t { return 0; }};

const runtime& this_runtime() noexcept {
  static const runtime r = [] {
    static struct {
      bank_header header{nullptr};
      shard shards[model::most_shards];
    } vacant;
    for (shard& s : vacant.shards) s.top.store(no_magazine_top(), std::memory_order_relaxed);
    runtime made{.reason = "model"};
    made.shards = model::shards;
    made.vacant = vacant.shards;
    return made;
  }();
  return r;
}

inline std::uint32_t refused_fences = 0;  // a bit for each fence to come, the lowest first
bool fence() noexcept {
  const bool refused = (refused_fences & 1) != 0;
  refused_fences >>= 1;
  return !refused;
}

}  // namespace ebb::detail

namespace ebb::model {

inline constexpr auto aged = eviction_reason::aged;

// What a scenario is about, of what the others leave alone.
struct interest {
  bool hints = false;  // where to search
  bool room = false;   // as shards count it
};

// Its objects are tokens.
struct pool {
  detail::pool_core core;

  static void destroy(void* t, void*) noexcept {
    use(t);
    tokens<1>::found(t);
  }
  explicit pool(std::uint32_t max_loaded = 1, std::size_t max_idle = ~std::size_t{0})
      : core({.destroy = destroy, .context = nullptr, .bytes = sizeof(token), .pool_type = ""},
             {.max_idle = max_idle, .max_loaded = max_loaded}, "") {
    name(this, sizeof *this, "pool");
    uninteresting(reinterpret_cast<std::byte*>(this) + sizeof(void*),
                  sizeof *this - sizeof(void*));  // its log
    // The registry makes itself, and memory that the executions will use is mapped: other scenarios are
    // about that.
    (void)detail::registry::cycles();
    std::uint32_t blocks[2];
    for (std::uint32_t& b : blocks) b = detail::states().allocate();
    for (const std::uint32_t b : blocks) detail::states().release(b);
    detail::magazine* empty[4];
    for (detail::magazine*& m : empty) m = detail::magazines().acquire(0);
    for (detail::magazine* const m : empty) detail::magazines().release(m, 0);
  }
  // Null until something was put.
  [[nodiscard]] detail::pool_state* state() noexcept {
    static_assert(std::is_standard_layout_v<detail::shard*>);
    return detail::state_of(*reinterpret_cast<detail::shard**>(this));
  }
  // Something is put, taken out again, and the state is there. Counters order nothing, and are left alone.
  void warm_up(void* t, interest in = {}) {
    core.put(t);
    (void)core.get();
    detail::pool_state& s = *state();
    for (std::uint32_t i = 0; i < s.shards; ++i) {
      uninteresting(&s.log(i), in.room ? detail::shard_log::offset_of_room : sizeof(detail::shard_log));
      for (int b = 0; b < 2; ++b) {
        static const char* const of[2][2] = {{"bank 0 shard 0", "bank 0 shard 1"},
                                             {"bank 1 shard 0", "bank 1 shard 1"}};
        static const char* const depot_of[2][2] = {{"bank 0 depot 0", "bank 0 depot 1"},
                                                   {"bank 1 depot 0", "bank 1 depot 1"}};
        name(&s.banks[b].shards[i], sizeof(detail::shard), of[b][i]);
        name(&s.banks[b].depots[i], sizeof(detail::depot), depot_of[b][i]);
      }
    }
    name(&s.doomed, sizeof s.doomed, "doomed");
    uninteresting(&s.cycle, sizeof s.cycle);
    name(&s.victim_fills, sizeof s.victim_fills, "victim_fills");
    name(&s.victim_empty_at, sizeof s.victim_empty_at, "victim_empty_at");
    if (in.hints) return;
    uninteresting(&s.victim_fills, sizeof s.victim_fills);
    uninteresting(&s.victim_empty_at, sizeof s.victim_empty_at);
  }
  // Magazines of this shard get room for `n` objects.
  void widen(std::uint32_t id, std::uint32_t n) noexcept {
    state()->log(id).capacity.store(n, std::memory_order_relaxed);
  }
  void put(void* t) {
    use(t);
    core.put(t);
  }
  [[nodiscard]] void* get() {
    void* const t = core.get();
    if (t != nullptr) use(t);
    return t;
  }
  // Every idle object counts as found.
  void close() { core.close(); }
};

// A cycle without the housekeeping: destroys nothing, and trims no memory.
inline void cycle() {
  detail::registry_data& d = detail::data();
  const std::lock_guard lock(d.mutex);
  detail::admit_arrivals(d);
  (void)detail::rotate(d, d.pools, nullptr, aged);
}

}  // namespace ebb::model
