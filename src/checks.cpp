#include <ebb/detail/atomics.hpp>
#include <ebb/detail/checks.hpp>

#include <pthread.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_map>

#include "type_name.hpp"

// Present when the program runs under AddressSanitizer.
extern "C" __attribute__((weak)) void __asan_unpoison_memory_region(void const volatile* begin,
                                                                    std::size_t bytes);

namespace ebb::detail::checks {

namespace {

struct record {
  const pool_core* pool;
  bool idle;
};

// Addresses are kept inverted, so that LeakSanitizer does not take this table for the owner of what a
// program has lost.
using key = std::uintptr_t;
key key_of(const void* object) { return ~reinterpret_cast<std::uintptr_t>(object); }
void* object_of(key k) { return reinterpret_cast<void*>(~k); }

struct part {
  std::mutex mutex;
  std::unordered_map<key, record> objects;
};

struct table {
  // A fork holds all of them at once, of which ThreadSanitizer can follow 63 with those of everybody else.
  std::array<part, 32> parts;
  part& of(const void* object) {
    return parts[reinterpret_cast<std::uintptr_t>(object) / 64 % parts.size()];
  }
};

table& objects();

// LeakSanitizer does not follow pointers out of poisoned memory, and would report what idle objects own.
void unpoison_idle() {
  if (__asan_unpoison_memory_region == nullptr) return;
  for (part& p : objects().parts) {
    const std::lock_guard lock(p.mutex);
    for (const auto& [k, r] : p.objects) {
      if (r.idle) __asan_unpoison_memory_region(object_of(k), r.pool->traits().bytes);
    }
  }
}

// Never destroyed: static pools die after it would.
table& objects() {
  alignas(table) static std::byte storage[sizeof(table)];
  static table* const t = [] {
    (void)std::atexit(unpoison_idle);
    return new (storage) table;
  }();
  return *t;
}

// A child of a fork has none of the threads that may be in the table right now. Installed while the library
// is loaded, so that no fork can come before.
struct fork_hooks {
  fork_hooks() noexcept { (void)pthread_atfork(lock_all, unlock_all, unlock_all); }
  static void lock_all() noexcept {
    for (part& p : objects().parts) p.mutex.lock();
  }
  static void unlock_all() noexcept {
    for (part& p : objects().parts) p.mutex.unlock();
  }
};
const fork_hooks installed;

struct pool_label {
  char text[256];
  explicit pool_label(const pool_core& pool) {
    const type_name type(pool.traits().pool_type);
    (void)std::snprintf(text, sizeof text, "pool \"%s\" (%s)", pool.name().c_str(), type.text());
  }
};

[[noreturn]] void stop(const char* what, const void* object, const pool_core& pool, const char* fix) {
  (void)std::fprintf(stderr, "ebbpool: %s: object %p, %s\n  fix: %s\n", what, object, pool_label(pool).text,
                     fix);
  std::abort();
}

// What is wrong with an object that should be in a user's hands and belong to `pool`.
void verify_in_use(const pool_core& pool, void* object) {
  part& p = objects().of(object);
  const std::lock_guard lock(p.mutex);
  const auto at = p.objects.find(key_of(object));
  if (at == p.objects.end()) {
    stop("put of an object the pool does not know", object, pool,
         "it was detached or destroyed before; give it to put() as a std::unique_ptr");
  }
  if (at->second.pool != &pool) {
    stop("put of a foreign object", object, pool,
         "it belongs to another pool of the same type; put it back there, or detach() it first");
  }
  if (at->second.idle) {
    stop("double put", object, pool,
         "it is in the pool already; somebody kept a pointer to it beyond its handle");
  }
}

unsigned chance_from_environment() {
  const char* const value = std::getenv("EBB_RANDOM");
  if (value == nullptr) return 0;
  constexpr unsigned most = 1'000'000;
  unsigned n = 0;
  const char* const end = value + std::strlen(value);
  const auto [stopped, error] = std::from_chars(value, end, n);
  if (error == std::errc{} && stopped == end && n >= 2 && n <= most) return n;
  (void)std::fprintf(stderr, "ebbpool: EBB_RANDOM=%s is ignored; valid are 2 to %u\n", value, most);
  return 0;
}

}  // namespace

void tracker::made(const pool_core& pool, void* object) {
  part& p = objects().of(object);
  const std::lock_guard lock(p.mutex);
  p.objects.insert_or_assign(key_of(object), record{&pool, false});
}

void tracker::adopts(const pool_core& pool, void* object) {
  part& p = objects().of(object);
  {
    const std::lock_guard lock(p.mutex);
    const auto [at, is_new] = p.objects.try_emplace(key_of(object), record{&pool, false});
    if (is_new) return;
    if (at->second.idle) {
      stop("double put", object, *at->second.pool,
           "it is in the pool already; a std::unique_ptr was made from a pointer the pool owns");
    }
    stop("put of an object that a handle still owns", object, *at->second.pool,
         "let the handle go, or take the object out of it with std::move(handle).detach()");
  }
}

void tracker::leaves(const pool_core& pool, void* object) {
  part& p = objects().of(object);
  const std::lock_guard lock(p.mutex);
  p.objects.insert_or_assign(key_of(object), record{&pool, false});
}

void tracker::returns(const pool_core& pool, void* object) { verify_in_use(pool, object); }

void tracker::enters(const pool_core& pool, void* object) {
  part& p = objects().of(object);
  const std::lock_guard lock(p.mutex);
  p.objects.insert_or_assign(key_of(object), record{&pool, true});
}

void tracker::detaches(const pool_core& pool, void* object) {
  verify_in_use(pool, object);
  dies(object);
}

void tracker::dies(void* object) {
  part& p = objects().of(object);
  const std::lock_guard lock(p.mutex);
  p.objects.erase(key_of(object));
}

void tracker::pool_dies(const pool_core& pool) {
  std::size_t out = 0;
  const void* example = nullptr;
  for (part& p : objects().parts) {
    const std::lock_guard lock(p.mutex);
    for (const auto& [k, r] : p.objects) {
      if (r.pool != &pool || r.idle) continue;
      ++out;
      example = object_of(k);
    }
  }
  if (out == 0) return;
  (void)std::fprintf(stderr, "ebbpool: a pool is destroyed while %zu of its handles %s out\n", out,
                     out == 1 ? "is" : "are");
  stop("handle outlives its pool", example, pool,
       "destroy every ebb::pooled before its pool, or detach() what must live longer");
}

bool tracker::by_chance() {
  static const unsigned n = chance_from_environment();
  return n != 0 && random() % n == 0;
}

unsigned tracker::random() {
  static atomic<std::uint64_t> seeds{0x9e3779b97f4a7c15};
  thread_local std::uint64_t state = seeds.fetch_add(0xbf58476d1ce4e5b9, std::memory_order_relaxed);
  state ^= state << 13;  // xorshift64, Marsaglia 2003
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<unsigned>(state >> 32);
}

}  // namespace ebb::detail::checks
