// What checked builds (EBB_CHECKED=1) verify at each station of an object's life. In other builds all of it
// compiles to nothing.
#pragma once

#include <cstddef>

#include <ebb/detail/config.hpp>
#include <ebb/detail/pool_core.hpp>

#if EBB_ASAN
extern "C" void __asan_poison_memory_region(void const volatile* begin, std::size_t bytes);
extern "C" void __asan_unpoison_memory_region(void const volatile* begin, std::size_t bytes);
#endif

namespace ebb::detail::checks {

// Knows every object of every pool: whose it is, and whether it is idle. Out of line, behind a mutex.
// Each function stops the program with a message if it finds misuse.
struct EBB_API tracker {
  static void made(const pool_core& pool, void* object);
  static void adopts(const pool_core& pool, void* object);
  static void leaves(const pool_core& pool, void* object);
  static void returns(const pool_core& pool, void* object);
  static void enters(const pool_core& pool, void* object);
  static void detaches(const pool_core& pool, void* object);
  static void dies(void* object);
  static void pool_dies(const pool_core& pool);
  // True once in N calls, if EBB_RANDOM=N is in the environment (2 .. 1000000); else never.
  [[nodiscard]] static bool by_chance();
  [[nodiscard]] static unsigned random();
};

#if EBB_ASAN
inline void poison(void* object, std::size_t bytes) { __asan_poison_memory_region(object, bytes); }
inline void unpoison(void* object, std::size_t bytes) { __asan_unpoison_memory_region(object, bytes); }
#else
inline void poison(void*, std::size_t) {}
inline void unpoison(void*, std::size_t) {}
#endif

// make() returned it.
EBB_FAST_PATH void made(const pool_core& pool, void* object) noexcept {
  if constexpr (checked_build) tracker::made(pool, object);
}
// put(std::unique_ptr<T>) is about to take it over.
EBB_FAST_PATH void adopts(const pool_core& pool, void* object) noexcept {
  if constexpr (checked_build) tracker::adopts(pool, object);
}
// A get begins: now and then, as Go's race mode does, it shall not find the object it would have found.
EBB_FAST_PATH void before_get(pool_core& pool) noexcept {
  if constexpr (checked_build) {
    if (tracker::by_chance()) pool.scatter(tracker::random());
  }
}
// It was idle, and somebody gets it.
EBB_FAST_PATH void leaves(const pool_core& pool, void* object, std::size_t bytes) noexcept {
  if constexpr (checked_build) {
    tracker::leaves(pool, object);
    unpoison(object, bytes);
  }
}
// Its user is done with it; recycle() has not seen it yet.
EBB_FAST_PATH void returns(const pool_core& pool, void* object) noexcept {
  if constexpr (checked_build) tracker::returns(pool, object);
}
// It becomes idle. False if it was dropped instead, by chance.
EBB_FAST_PATH bool enters(pool_core& pool, void* object, std::size_t bytes) noexcept {
  if constexpr (checked_build) {
    if (tracker::by_chance()) {
      pool.drop(object, eviction_reason::at_random);
      return false;
    }
    tracker::enters(pool, object);
    poison(object, bytes);
  }
  return true;
}
EBB_FAST_PATH void detaches(const pool_core& pool, void* object) noexcept {
  if constexpr (checked_build) tracker::detaches(pool, object);
}
// The pool destroys it.
EBB_FAST_PATH void dies(void* object, std::size_t bytes) noexcept {
  if constexpr (checked_build) {
    unpoison(object, bytes);
    tracker::dies(object);
  }
}
EBB_FAST_PATH void pool_dies(const pool_core& pool) noexcept {
  if constexpr (checked_build) tracker::pool_dies(pool);
}

}  // namespace ebb::detail::checks
