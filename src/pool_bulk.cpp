// Many objects at once: one critical section for as many as the loaded magazine has, or has room for.
#include <ebb/detail/pool_core.hpp>

#include "pool_state.hpp"

namespace ebb::detail {

std::size_t pool_core::get_n(void** out, std::size_t wanted) noexcept {
  std::size_t count = 0;
  while (count < wanted) {
    pool_state* const state = this->state();
    const std::size_t got =
        state == nullptr ? 0 : percpu::pop_n(local_, state->shards, out + count, wanted - count);
    count += got;
    if (got > 0) continue;
    void* const object = get_slow();  // refills the shard, if anything is idle anywhere
    if (object == nullptr) break;
    out[count++] = object;
  }
  return count;
}

void pool_core::put_n(void* const* objects, std::size_t count) noexcept {
  while (count > 0) {
    pool_state* const state = this->state();
    const std::size_t kept =
        state == nullptr ? 0 : percpu::push_n(local_, state->shards, objects, count);
    objects += kept;
    count -= kept;
    if (count == 0) return;
    put_slow(*objects);  // makes room
    ++objects;
    --count;
  }
}

}  // namespace ebb::detail
