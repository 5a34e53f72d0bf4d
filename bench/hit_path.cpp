// The hit path in functions of its own, to be disassembled: how many instructions is a get, a put, a pair?
// Counting them while they run is no use under valgrind, which has no rseq and so never takes this path.
#include <ebb/object_pool.hpp>

#include <memory>

struct hit_object {
  long word = 0;
};

using hit_handle = ebb::pooled<hit_object>;

// `out` is memory for a handle; ebb_hit_put ends what ebb_hit_get began there.
extern "C" [[gnu::noinline]] void ebb_hit_get(ebb::object_pool<hit_object>& pool, hit_handle* out) {
  std::construct_at(out, pool.get());
}

extern "C" [[gnu::noinline]] void ebb_hit_put(hit_handle* handle) { std::destroy_at(handle); }

extern "C" [[gnu::noinline]] void ebb_hit_pair(ebb::object_pool<hit_object>& pool) {
  hit_handle object = pool.get();
  object->word = 1;
}

int main() {
  ebb::object_pool<hit_object> pool;
  alignas(hit_handle) std::byte memory[sizeof(hit_handle)];
  auto* const handle = reinterpret_cast<hit_handle*>(memory);
  ebb_hit_get(pool, handle);
  ebb_hit_put(handle);
  ebb_hit_pair(pool);
  return pool.stats().idle == 1 ? 0 : 1;
}
