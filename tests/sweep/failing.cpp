#include "failing.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <new>

namespace failing {

namespace {

struct planned {
  std::uint64_t n = 0;
  how mode = how::once;
  std::uint64_t seen = 0;
  bool failed = false;
  int watches = 0;
};
thread_local constinit planned mine{};

std::atomic<std::int64_t> blocks_out{0};
std::atomic<std::size_t> bytes_mapped{0};

}  // namespace

void plan(std::uint64_t n, how mode) noexcept {
  mine.n = n;
  mine.mode = mode;
  mine.seen = 0;
  mine.failed = false;
}
bool has_failed() noexcept { return mine.failed; }

watch::watch() noexcept { ++mine.watches; }
watch::~watch() { --mine.watches; }

std::int64_t blocks() noexcept { return blocks_out.load(); }
std::size_t mapped() noexcept { return bytes_mapped.load(); }

static bool fails() noexcept {
  if (mine.watches == 0 || mine.n == 0) return false;
  ++mine.seen;
  const bool now = mine.mode == how::once ? mine.seen == mine.n : mine.seen >= mine.n;
  mine.failed = mine.failed || now;
  return now;
}

template <class Pointer>
static Pointer counted(Pointer block) noexcept {
  if (block != nullptr) blocks_out.fetch_add(1, std::memory_order_relaxed);
  return block;
}

}  // namespace failing

// The linker's names.
extern "C" {
void* __real_malloc(std::size_t bytes);
void* __real_aligned_alloc(std::size_t alignment, std::size_t bytes);
int __real_posix_memalign(void** out, std::size_t alignment, std::size_t bytes);
void __real_free(void* block);
void* __real_mmap(void* at, std::size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*main)(void*),
                          void* self);
char* __real___cxa_demangle(const char* mangled, char* out, std::size_t* bytes, int* status);
long __real_syscall(long number, ...);

void* __wrap_malloc(std::size_t bytes) {
  return failing::fails() ? nullptr : failing::counted(__real_malloc(bytes));
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return failing::fails() ? nullptr : failing::counted(__real_aligned_alloc(alignment, bytes));
}
// Its memory comes from inside the C++ library, and goes to free().
char* __wrap___cxa_demangle(const char* mangled, char* out, std::size_t* bytes, int* status) {
  return failing::fails() ? nullptr : failing::counted(__real___cxa_demangle(mangled, out, bytes, status));
}
int __wrap_posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  if (failing::fails()) return ENOMEM;
  const int error = __real_posix_memalign(out, alignment, bytes);
  if (error == 0) (void)failing::counted(*out);
  return error;
}
void __wrap_free(void* block) {
  if (block != nullptr) failing::blocks_out.fetch_sub(1, std::memory_order_relaxed);
  __real_free(block);
}
void* __wrap_mmap(void* at, std::size_t bytes, int protection, int flags, int fd, off_t offset) {
  if (failing::fails()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  failing::bytes_mapped.fetch_add(bytes, std::memory_order_relaxed);
  return __real_mmap(at, bytes, protection, flags, fd, offset);
}
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*main)(void*),
                          void* self) {
  return failing::fails() ? EAGAIN : __real_pthread_create(thread, attributes, main, self);
}
// membarrier(2) has to allocate where it cannot ask each CPU by itself.
long __wrap_syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  const long a = va_arg(rest, long);
  const long b = va_arg(rest, long);
  const long c = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_membarrier && failing::fails()) {
    errno = ENOMEM;
    return -1;
  }
  return __real_syscall(number, a, b, c);
}
}

void* operator new(std::size_t bytes) {
  if (void* const block = __wrap_malloc(bytes)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto to = static_cast<std::size_t>(alignment);
  if (void* const block = __wrap_aligned_alloc(to, (bytes + to - 1) / to * to)) return block;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return operator new(bytes, alignment);
}
void operator delete(void* block) noexcept { __wrap_free(block); }
void operator delete(void* block, std::size_t) noexcept { __wrap_free(block); }
void operator delete(void* block, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete[](void* block) noexcept { __wrap_free(block); }
void operator delete[](void* block, std::size_t) noexcept { __wrap_free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { __wrap_free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { __wrap_free(block); }
