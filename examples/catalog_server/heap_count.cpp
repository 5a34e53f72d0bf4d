#include "heap_count.hpp"

#include <malloc.h>

#include <algorithm>
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

}  // namespace

heap_numbers heap_now() noexcept { return {allocations.total(), live_bytes.total()}; }

}  // namespace catalog

// The linker sends every call of malloc() and free() in this program and its static libraries here
// (--wrap=malloc): those of ebbpool's buffers, and those of operator new below.
extern "C" {
void* __real_malloc(std::size_t bytes);
int __real_posix_memalign(void** block, std::size_t alignment, std::size_t bytes);
void __real_free(void* block);

void* __wrap_malloc(std::size_t bytes) { return catalog::counted(__real_malloc(bytes)); }
int __wrap_posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  const int error = __real_posix_memalign(block, alignment, bytes);
  if (error == 0) (void)catalog::counted(*block);
  return error;
}
void __wrap_free(void* block) {
  if (block != nullptr) catalog::live_bytes.add(-static_cast<std::int64_t>(malloc_usable_size(block)));
  __real_free(block);
}
}

// The array forms of the standard library call these. So do its nothrow forms, but not a sanitizer's: one
// of them is here because zlib's memory is taken with it and released with the plain delete.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return std::malloc(bytes != 0 ? bytes : 1);
}
void* operator new(std::size_t bytes) { return catalog::or_throw(::operator new(bytes, std::nothrow)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  // std::pmr::new_delete_resource() asks with alignments that posix_memalign does not take.
  const std::size_t at_least = std::max(static_cast<std::size_t>(alignment), sizeof(void*));
  void* block = nullptr;
  const int error = ::posix_memalign(&block, at_least, bytes);
  return catalog::or_throw(error == 0 ? block : nullptr);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
