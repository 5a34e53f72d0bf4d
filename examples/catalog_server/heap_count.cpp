#include "heap_count.hpp"

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#include "sharded_counter.hpp"

namespace catalog {
namespace {

// Constant-initialised: operator new runs before any constructor of this program does.
constinit sharded_counter allocations;
constinit sharded_counter live_bytes;

void* counted(void* block) noexcept {
  if (block == nullptr) return nullptr;
  allocations.add(1);
  live_bytes.add(static_cast<std::int64_t>(malloc_usable_size(block)));
  return block;
}

void* or_throw(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void release(void* block) noexcept {
  if (block == nullptr) return;
  live_bytes.add(-static_cast<std::int64_t>(malloc_usable_size(block)));
  std::free(block);
}

}  // namespace

heap_numbers heap_now() noexcept { return {allocations.total(), live_bytes.total()}; }

}  // namespace catalog

// The array forms of the standard library call these. So do its nothrow forms, but not a sanitizer's: one
// of them is here because zlib's memory is taken with it and released with the plain delete.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return catalog::counted(std::malloc(bytes != 0 ? bytes : 1));
}
void* operator new(std::size_t bytes) { return catalog::or_throw(::operator new(bytes, std::nothrow)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto align = static_cast<std::size_t>(alignment);
  // aligned_alloc wants a multiple of the alignment, and never 0.
  return catalog::or_throw(catalog::counted(std::aligned_alloc(align, (bytes / align + 1) * align)));
}
void operator delete(void* block) noexcept { catalog::release(block); }
void operator delete(void* block, std::size_t) noexcept { catalog::release(block); }
void operator delete(void* block, std::align_val_t) noexcept { catalog::release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { catalog::release(block); }
