// The critical sections for aarch64, the same functions in the same order as x86_64.hpp, whose comments
// hold here too: restarted from 5 when the kernel aborts between 1 and 2, armed by one store to rseq_cs,
// and nothing that others can see before the last instruction, the commit. What is different:
//
// - The thread pointer is read by mrs inside each section, for the reason %fs is there.
// - top is computed in a register and stored: there is no add to memory.
// - The abort landing is in another section. Where that is more than 128 MB away, the linker jumps back
//   through a veneer, which overwrites x16 and x17; so no operand may live there.
//
// Ordering. Loads and stores of this architecture may be seen in another order; plain ones are enough here:
//
// - The bank's address is the base of every later load, and this architecture keeps address dependencies:
//   a section that reads what rotate() released reads the shards as they were before. That is the acquire
//   half of edge bank without ldar, because sections read nothing else of what rotate() wrote.
// - A shard's top, its magazine's words and the objects are written and read under one id. Between two
//   threads with the same id the kernel has switched on that CPU, or handed the id over, with full
//   barriers; that orders the objects, and their slots, before the top that says they are there.
// - A magazine that came from another CPU was acquired by who took it from the depot (edge stack), before
//   exchange_top() loads it. Who unloads it next does so under the same id.
// - The collector looks at shards after the fence only, and membarrier is a barrier on every CPU that runs
//   the process. Statistics look at any time, and guess.
#pragma once

#include <ebb/detail/percpu/shard.hpp>

#if EBB_HAS_RSEQ && defined(__aarch64__)

#include <ebb/detail/magazine.hpp>

// As in x86_64.hpp. The signature is what glibc registers on this architecture (RSEQ_SIG, brk #0x45e0); as
// an instruction it has the right byte order whatever the data's.
#define EBB_RSEQ_BEGIN                          \
  ".pushsection __rseq_cs, \"aw?\"\n"           \
  ".balign 32\n"                                \
  "3: .long 0, 0\n"                             \
  ".quad 1f, 2f - 1f, 4f\n"                     \
  ".popsection\n"                               \
  ".pushsection __rseq_cs_ptr_array, \"aw?\"\n" \
  ".quad 3b\n"                                  \
  ".popsection\n"                               \
  ".pushsection __rseq_failure, \"ax?\"\n"      \
  ".inst 0xd428bc00\n"                          \
  "4: b 5f\n"                                   \
  ".popsection\n"                               \
  "5: mrs %[thread], tpidr_el0\n"               \
  "adrp %[shard], 3b\n"                         \
  "add %[shard], %[shard], :lo12:3b\n"          \
  "str %[shard], [%[thread], %[armed]]\n"       \
  "1:\n"

// shard = local + id * sizeof(shard); the thread pointer gives way to the bank.
#define EBB_RSEQ_SHARD                  \
  "ldr %w[shard], [%[thread], %[id]]\n" \
  "ldr %[thread], %[local]\n"           \
  "add %[shard], %[thread], %[shard], lsl %c[shift]\n"

#define EBB_RSEQ_OUT(shard_or_cs, thread_or_bank) [shard] "=&r"(shard_or_cs), [thread] "=&r"(thread_or_bank)

// rseq_cs is at offset 8 of the area.
#define EBB_RSEQ_IN(at, array)                                                                 \
  [armed] "r"((at).area + 8), [id] "r"((at).id), [local] "m"(array), [shift] "i"(shard_shift), \
      [top_at] "i"(top_offset)

#define EBB_RSEQ_CLOBBERS "x16", "x17", "memory", "cc"

namespace ebb::detail::percpu::aarch64 {

EBB_FAST_PATH result pop(const rseq_layout& at, const atomic<shard*>& local, void*& out) noexcept {
  void* object;
  void* top;
  void* shard_or_cs;
  void* thread_or_bank;
  asm volatile goto(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
                    "ldr %[top], [%[shard], %c[top_at]]\n"
                    "ldr %[object], [%[top]]\n"
                    "cbz %[object], %l[empty]\n"
                    "sub %[top], %[top], 8\n"
                    "str %[top], [%[shard], %c[top_at]]\n"  // COMMIT
                    "2:\n"
                    : [object] "=&r"(object), [top] "=&r"(top), EBB_RSEQ_OUT(shard_or_cs, thread_or_bank)
                    : EBB_RSEQ_IN(at, local)
                    : EBB_RSEQ_CLOBBERS
                    : empty);
  out = object;
  return result::done;
empty:
  return result::refused;
}

EBB_FAST_PATH result push(const rseq_layout& at, const atomic<shard*>& local, void* object) noexcept {
  void* top;
  void* shard_or_cs;
  void* thread_or_bank;
  asm volatile goto(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
                    "ldr %[top], [%[shard], %c[top_at]]\n"
                    "add %[top], %[top], 8\n"
                    "tst %[top], %c[mask]\n"
                    "b.eq %l[full]\n"
                    "str %[object], [%[top]]\n"  // above the top: nobody sees it until the commit
                    "str %[top], [%[shard], %c[top_at]]\n"  // COMMIT
                    "2:\n"
                    : [top] "=&r"(top), EBB_RSEQ_OUT(shard_or_cs, thread_or_bank)
                    : EBB_RSEQ_IN(at, local), [object] "r"(object), [mask] "i"(magazine_bytes - 1)
                    : EBB_RSEQ_CLOBBERS
                    : full);
  return result::done;
full:
  return result::refused;
}

// Takes up to `wanted` (at least 1) objects into `out`; a restarted section just writes them again.
inline std::size_t pop_n(const rseq_layout& at, const atomic<shard*>& local, void** out,
                         std::size_t wanted) noexcept {
  void* object;
  void* top;
  void* shard_or_cs;
  void* thread_or_bank;
  std::size_t count;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "ldr %[top], [%[shard], %c[top_at]]\n"
               "mov %[count], 0\n"
               "6: ldr %[object], [%[top]]\n"
               "cbz %[object], 7f\n"
               "str %[object], [%[out], %[count], lsl 3]\n"
               "sub %[top], %[top], 8\n"
               "add %[count], %[count], 1\n"
               "cmp %[count], %[wanted]\n"
               "b.lo 6b\n"
               "7: str %[top], [%[shard], %c[top_at]]\n"  // COMMIT
               "2:\n"
               : [object] "=&r"(object), [top] "=&r"(top),
                 EBB_RSEQ_OUT(shard_or_cs, thread_or_bank), [count] "=&r"(count)
               : EBB_RSEQ_IN(at, local), [out] "r"(out), [wanted] "r"(wanted)
               : EBB_RSEQ_CLOBBERS);
  return count;
}

// Gives up to `offered` (at least 1) objects; returns how many fitted.
inline std::size_t push_n(const rseq_layout& at, const atomic<shard*>& local, void* const* objects,
                          std::size_t offered) noexcept {
  void* object;
  void* top;
  void* shard_or_cs;
  void* thread_or_bank;
  std::size_t count;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "ldr %[top], [%[shard], %c[top_at]]\n"
               "mov %[count], 0\n"
               "6: add %[object], %[top], 8\n"
               "tst %[object], %c[mask]\n"
               "b.eq 7f\n"
               "ldr %[object], [%[objects], %[count], lsl 3]\n"
               "str %[object], [%[top], 8]!\n"
               "add %[count], %[count], 1\n"
               "cmp %[count], %[offered]\n"
               "b.lo 6b\n"
               "7: str %[top], [%[shard], %c[top_at]]\n"  // COMMIT
               "2:\n"
               : [object] "=&r"(object), [top] "=&r"(top),
                 EBB_RSEQ_OUT(shard_or_cs, thread_or_bank), [count] "=&r"(count)
               : EBB_RSEQ_IN(at, local), [objects] "r"(objects), [offered] "r"(offered),
                 [mask] "i"(magazine_bytes - 1)
               : EBB_RSEQ_CLOBBERS);
  return count;
}

// Loads `desired` if this id's shard still has `expected`; `id` says whose shard it was.
inline result exchange_top(const rseq_layout& at, const atomic<shard*>& local, void** expected,
                           void** desired, std::uint32_t& id) noexcept {
  void* top;
  void* shard_or_cs;
  void* thread_or_bank;
  std::uint32_t seen;
  asm volatile goto(EBB_RSEQ_BEGIN
                    "ldr %w[seen], [%[thread], %[id]]\n"
                    "ldr %[thread], %[local]\n"
                    "add %[shard], %[thread], %x[seen], lsl %c[shift]\n"
                    "ldr %[top], [%[shard], %c[top_at]]\n"
                    "cmp %[top], %[expected]\n"
                    "b.ne %l[changed]\n"
                    "str %[desired], [%[shard], %c[top_at]]\n"  // COMMIT
                    "2:\n"
                    : [top] "=&r"(top), EBB_RSEQ_OUT(shard_or_cs, thread_or_bank), [seen] "=&r"(seen)
                    : EBB_RSEQ_IN(at, local), [expected] "r"(expected), [desired] "r"(desired)
                    : EBB_RSEQ_CLOBBERS
                    : changed);
  id = seen;
  return result::done;
changed:
  return result::refused;
}

// Adds `n` to the word at `offset` in this id's element of an array with the shards' stride, and returns
// the sum. Nothing else writes there, so no exclusive load is needed.
inline std::uint64_t add(const rseq_layout& at, void* const& elements, std::size_t offset,
                         std::uint64_t n) noexcept {
  std::uint64_t sum;
  void* shard_or_cs;
  void* thread_or_bank;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "ldr %[sum], [%[shard], %[offset]]\n"
               "add %[sum], %[sum], %[n]\n"
               "str %[sum], [%[shard], %[offset]]\n"  // COMMIT
               "2:\n"
               : [sum] "=&r"(sum), EBB_RSEQ_OUT(shard_or_cs, thread_or_bank)
               : EBB_RSEQ_IN(at, elements), [offset] "r"(offset), [n] "r"(n)
               : EBB_RSEQ_CLOBBERS);
  return sum;
}

// Puts `value` into the word at `offset` of this id's element, and returns what was there.
inline void* exchange(const rseq_layout& at, void* const& elements, std::size_t offset,
                      void* value) noexcept {
  void* before;
  void* shard_or_cs;
  void* thread_or_bank;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "ldr %[before], [%[shard], %[offset]]\n"
               "str %[value], [%[shard], %[offset]]\n"  // COMMIT
               "2:\n"
               : [before] "=&r"(before), EBB_RSEQ_OUT(shard_or_cs, thread_or_bank)
               : EBB_RSEQ_IN(at, elements), [offset] "r"(offset), [value] "r"(value)
               : EBB_RSEQ_CLOBBERS);
  return before;
}

// The id this thread runs under now; a guess by the time it is used.
inline std::uint32_t current_id(const rseq_layout& at) noexcept {
  std::uint32_t id;
  void* thread;
  asm volatile(
      "mrs %[thread], tpidr_el0\n"
      "ldr %w[id], [%[thread], %[at]]\n"
      : [id] "=r"(id), [thread] "=&r"(thread)
      : [at] "r"(at.id));
  return id;
}

}  // namespace ebb::detail::percpu::aarch64

#undef EBB_RSEQ_BEGIN
#undef EBB_RSEQ_SHARD
#undef EBB_RSEQ_OUT
#undef EBB_RSEQ_IN
#undef EBB_RSEQ_CLOBBERS

#endif
