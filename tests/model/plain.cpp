// What the compiler calls for plain memory under -fsanitize=thread. ThreadSanitizer's own library is not
// linked; these functions are all there is. That there is none for atomic operations is intended: code that
// uses std::atomic directly, and so escapes the checker, does not link.
#include <cstring>

#include "machine.hpp"

namespace ebb::model {
namespace {

void access(const void* at, std::size_t bytes, bool is_write, const void* caller) {
  if (now == phase::setting_up || (now == phase::ending && !is_write)) return;
  if (on_a_fiber_stack(at) || is_local_to_each_thread(at)) return;
  plain_access(at, bytes, is_write, caller);
}

}  // namespace
}  // namespace ebb::model

using ebb::model::access;
#define CALLER __builtin_return_address(0)

extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_read1(void* at) { access(at, 1, false, CALLER); }
void __tsan_read2(void* at) { access(at, 2, false, CALLER); }
void __tsan_read4(void* at) { access(at, 4, false, CALLER); }
void __tsan_read8(void* at) { access(at, 8, false, CALLER); }
void __tsan_read16(void* at) { access(at, 16, false, CALLER); }
void __tsan_write1(void* at) { access(at, 1, true, CALLER); }
void __tsan_write2(void* at) { access(at, 2, true, CALLER); }
void __tsan_write4(void* at) { access(at, 4, true, CALLER); }
void __tsan_write8(void* at) { access(at, 8, true, CALLER); }
void __tsan_write16(void* at) { access(at, 16, true, CALLER); }
void __tsan_unaligned_read2(void* at) { access(at, 2, false, CALLER); }
void __tsan_unaligned_read4(void* at) { access(at, 4, false, CALLER); }
void __tsan_unaligned_read8(void* at) { access(at, 8, false, CALLER); }
void __tsan_unaligned_read16(void* at) { access(at, 16, false, CALLER); }
void __tsan_unaligned_write2(void* at) { access(at, 2, true, CALLER); }
void __tsan_unaligned_write4(void* at) { access(at, 4, true, CALLER); }
void __tsan_unaligned_write8(void* at) { access(at, 8, true, CALLER); }
void __tsan_unaligned_write16(void* at) { access(at, 16, true, CALLER); }
void __tsan_read_range(void* at, unsigned long bytes) { access(at, bytes, false, CALLER); }
void __tsan_write_range(void* at, unsigned long bytes) { access(at, bytes, true, CALLER); }
void __tsan_vptr_update(void* at, void*) { access(at, 8, true, CALLER); }
void __tsan_vptr_read(void* at) { access(at, 8, false, CALLER); }
// The guards of function-local statics, which the set-up has passed.
unsigned char __tsan_atomic8_load(const volatile unsigned char* at, int) { return *at; }

// Calls that the compiler makes of assignments (symbols.txt).
void* model_memset(void* at, int value, std::size_t bytes) {
  access(at, bytes, true, CALLER);
  return std::memset(at, value, bytes);
}
void* model_memcpy(void* to, const void* from, std::size_t bytes) {
  access(from, bytes, false, CALLER);
  access(to, bytes, true, CALLER);
  return std::memcpy(to, from, bytes);
}
void* model_memmove(void* to, const void* from, std::size_t bytes) {
  access(from, bytes, false, CALLER);
  access(to, bytes, true, CALLER);
  return std::memmove(to, from, bytes);
}
}
