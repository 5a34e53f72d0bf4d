// Many objects at once: one critical section for as many as the loaded magazine has, or has room for, and
// whole magazines straight from and to the depot.
#include <ebb/detail/pool_core.hpp>

#include <algorithm>

#include "collector_thread.hpp"
#include "pool_state.hpp"

namespace ebb::detail {

std::size_t pool_core::get_n(void** out, std::size_t wanted) noexcept {
  pool_state* const state = this->state();
  if (state == nullptr) return 0;
  std::size_t count = percpu::pop_n(local_, state->shards, out, wanted);
  while (count < wanted) {
    const std::uint32_t id = percpu::current_id(state->shards);
    found_magazine found = state->find(id);
    if (!found.magazine) break;
    const auto taken =
        static_cast<std::uint32_t>(std::min<std::size_t>(found.magazine.count(), wanted - count));
    for (std::uint32_t i = 0; i < taken; ++i) out[count++] = found.magazine.take();
    use_rest(*state, id, found, taken);
    collector_thread::ensure_running();  // after what was loaded
  }
  return count;
}

void pool_core::put_n(void* const* objects, std::size_t count) noexcept {
  pool_state* const state = state_for_put();
  const auto gone = [&](std::size_t n) {
    objects += n;
    count -= n;
  };
  while (count > 0) {
    if (state != nullptr) gone(percpu::push_n(local_, state->shards, objects, count));
    if (state != nullptr && count >= limits_.max_loaded && park(*state, objects, limits_.max_loaded)) {
      collector_thread::ensure_running();  // after what was parked
      gone(limits_.max_loaded);
    } else if (count > 0) {
      put_slow(*objects);  // loads a magazine with room
      gone(1);
    }
  }
}

void pool_core::stock(void* const* objects, std::size_t count) noexcept {
  pool_state* const state = state_for_put();
  while (count > 0) {
    auto n = static_cast<std::uint32_t>(std::min<std::size_t>(count, limits_.max_loaded));
    if (state == nullptr || !park(*state, objects, n)) {
      put_slow(*objects);  // no room for all, or no memory
      n = 1;
    }
    objects += n;
    count -= n;
  }
  collector_thread::ensure_running();
}

// Hands 1 .. max_loaded objects to the depot as one magazine. False if that cannot be done, and nothing
// happened.
bool pool_core::park(pool_state& state, void* const* objects, std::uint32_t count) noexcept {
  const std::uint32_t id = percpu::current_id(state.shards);
  owned_magazine m = state.acquire(id, count).magazine;
  if (!m) return false;
  if (m.capacity() < count) {
    state.abandon(id, m);
    return false;
  }
  for (std::uint32_t i = 0; i < count; ++i) m.add(objects[i]);
  state.count(event::put, count);
  state.park(id, m);
  if (count == limits_.max_loaded) state.note_spill(id);
  return true;
}

}  // namespace ebb::detail
