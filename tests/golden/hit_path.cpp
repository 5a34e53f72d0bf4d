// The hit path as users get it, to be disassembled by check_hit_path.sh.
#include <ebb/buffer_pool.hpp>
#include <ebb/object_pool.hpp>

extern "C" {
void* golden_get(ebb::detail::pool_core& core);
void golden_put(ebb::detail::pool_core& core, void* object);
void golden_pair(ebb::object_pool<int>& pool);
void golden_buffer_pair(ebb::buffer_pool& pool, std::size_t bytes);
}

void* golden_get(ebb::detail::pool_core& core) { return core.get(); }
void golden_put(ebb::detail::pool_core& core, void* object) { core.put(object); }
void golden_pair(ebb::object_pool<int>& pool) {
  ebb::pooled<int> object = pool.get();
  asm volatile("" : : "r"(object.get()) : "memory");
}
void golden_buffer_pair(ebb::buffer_pool& pool, std::size_t bytes) {
  ebb::pooled_buffer buffer = pool.get(bytes);
  asm volatile("" : : "r"(buffer.data()) : "memory");
}
