// The critical sections for x86-64. Each is a Linux restartable sequence (rseq(2)): if the thread is
// preempted, migrated or signalled between labels 1 and 2, the kernel resumes it at 4, and the section
// starts again. The last instruction is the only store that others can see: the commit.
//
// What each section means is written in plain C++ in fallback.hpp, in the same order.
//
// - The rseq area is reached through %fs inside the assembly only. Compilers keep a thread pointer in a
//   register across a fiber switch, and a section armed in another thread's area protects nothing.
// - pop and push commit by adding to the word in memory, whose value is still what they read: nothing else
//   writes it while a section runs. Storing what was computed takes an instruction more in pop, and a pair
//   a fifth longer on AMD Zen 3 (3.4 ns instead of 4.2: `ebb_bench run --cases pair_in_call --systems ebb
//   --threads 1 --rounds 100` of either in turns), where each section waits for the store of the one
//   before.
// - The id and the bank are read inside the section, so after a fence no section can commit to a bank
//   that was retired before it.
// - `asm goto` with outputs is not implicitly volatile in GCC 12: without `volatile` it is optimised away.
// - The only field written is rseq_cs, at offset 8 of the area. It is left armed: a stale value is
//   harmless as long as this code stays mapped, which is why shared builds link with -z nodelete.
#pragma once

#include <ebb/detail/percpu/shard.hpp>

#if EBB_HAS_RSEQ && defined(__x86_64__)

#include <ebb/detail/magazine.hpp>

// The descriptor (struct rseq_cs), the pointer to it that debuggers look for, and the abort landing with
// the signature that glibc registers (RSEQ_SIG, behind an undefined instruction). The flag `?` puts them in
// the COMDAT group of the function they belong to: of an inline function that several translation units
// have, the linker keeps one, and everything that refers to the others must go with them.
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
  ".byte 0x0f, 0xb9, 0x3d\n"                    \
  ".long 0x53053053\n"                          \
  "4: jmp 5f\n"                                 \
  ".popsection\n"                               \
  "5: leaq 3b(%%rip), %[shard]\n"               \
  "movq %[shard], %%fs:8(%[area])\n"            \
  "1:\n"

// shard = local + id * sizeof(shard)
#define EBB_RSEQ_SHARD             \
  "movl %%fs:(%[id]), %k[shard]\n" \
  "shlq %[shift], %[shard]\n"      \
  "addq %[local], %[shard]\n"

#define EBB_RSEQ_IN(at, array)                                                            \
  [area] "r"((at).area), [id] "r"((at).id), [local] "m"(array), [shift] "i"(shard_shift), \
      [top_at] "i"(top_offset)

namespace ebb::detail::percpu::x86_64 {

EBB_FAST_PATH result pop(const rseq_layout& at, const atomic<shard*>& local, void*& out) noexcept {
  void* object;
  void* top;
  void* shard_or_cs;
  asm volatile goto(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
                    "movq %c[top_at](%[shard]), %[top]\n"
                    "movq (%[top]), %[object]\n"
                    "testq %[object], %[object]\n"
                    "jz %l[empty]\n"
                    "subq $8, %c[top_at](%[shard])\n"  // COMMIT
                    "2:\n"
                    : [object] "=&r"(object), [top] "=&r"(top), [shard] "=&r"(shard_or_cs)
                    : EBB_RSEQ_IN(at, local)
                    : "memory", "cc"
                    : empty);
  out = object;
  return result::done;
empty:
  return result::refused;
}

EBB_FAST_PATH result push(const rseq_layout& at, const atomic<shard*>& local, void* object) noexcept {
  void* top;
  void* shard_or_cs;
  asm volatile goto(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
                    "movq %c[top_at](%[shard]), %[top]\n"
                    "addq $8, %[top]\n"
                    "testl %[mask], %k[top]\n"
                    "jz %l[full]\n"
                    "movq %[object], (%[top])\n"       // above the top: nobody sees it until the commit
                    "addq $8, %c[top_at](%[shard])\n"  // COMMIT
                    "2:\n"
                    : [top] "=&r"(top), [shard] "=&r"(shard_or_cs)
                    : EBB_RSEQ_IN(at, local), [object] "r"(object), [mask] "i"(magazine_bytes - 1)
                    : "memory", "cc"
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
  std::size_t count;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "movq %c[top_at](%[shard]), %[top]\n"
               "xorl %k[count], %k[count]\n"
               "6: movq (%[top]), %[object]\n"
               "testq %[object], %[object]\n"
               "jz 7f\n"
               "movq %[object], (%[out], %[count], 8)\n"
               "subq $8, %[top]\n"
               "incq %[count]\n"
               "cmpq %[wanted], %[count]\n"
               "jb 6b\n"
               "7: movq %[top], %c[top_at](%[shard])\n"  // COMMIT
               "2:\n"
               : [object] "=&r"(object), [top] "=&r"(top), [shard] "=&r"(shard_or_cs), [count] "=&r"(count)
               : EBB_RSEQ_IN(at, local), [out] "r"(out), [wanted] "r"(wanted)
               : "memory", "cc");
  return count;
}

// Gives up to `offered` (at least 1) objects; returns how many fitted.
inline std::size_t push_n(const rseq_layout& at, const atomic<shard*>& local, void* const* objects,
                          std::size_t offered) noexcept {
  void* object;
  void* top;
  void* shard_or_cs;
  std::size_t count;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "movq %c[top_at](%[shard]), %[top]\n"
               "xorl %k[count], %k[count]\n"
               "6: leaq 8(%[top]), %[object]\n"
               "testl %[mask], %k[object]\n"
               "jz 7f\n"
               "movq (%[objects], %[count], 8), %[object]\n"
               "movq %[object], 8(%[top])\n"
               "addq $8, %[top]\n"
               "incq %[count]\n"
               "cmpq %[offered], %[count]\n"
               "jb 6b\n"
               "7: movq %[top], %c[top_at](%[shard])\n"  // COMMIT
               "2:\n"
               : [object] "=&r"(object), [top] "=&r"(top), [shard] "=&r"(shard_or_cs), [count] "=&r"(count)
               : EBB_RSEQ_IN(at, local), [objects] "r"(objects), [offered] "r"(offered),
                 [mask] "i"(magazine_bytes - 1)
               : "memory", "cc");
  return count;
}

// Loads `desired` if this id's shard still has `expected`; `id` says whose shard it was.
inline result exchange_top(const rseq_layout& at, const atomic<shard*>& local, void** expected,
                           void** desired, std::uint32_t& id) noexcept {
  void* shard_or_cs;
  std::uint32_t seen;
  asm volatile goto(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
                    "movl %%fs:(%[id]), %[seen]\n"
                    "cmpq %[expected], %c[top_at](%[shard])\n"
                    "jne %l[changed]\n"
                    "movq %[desired], %c[top_at](%[shard])\n"  // COMMIT
                    "2:\n"
                    : [shard] "=&r"(shard_or_cs), [seen] "=&r"(seen)
                    : EBB_RSEQ_IN(at, local), [expected] "r"(expected), [desired] "r"(desired)
                    : "memory", "cc"
                    : changed);
  id = seen;
  return result::done;
changed:
  return result::refused;
}

// Adds `n` to the word at `offset` in this id's element of an array with the shards' stride, and returns
// the sum. Nothing else writes there, so no lock prefix is needed.
inline std::uint64_t add(const rseq_layout& at, void* const& elements, std::size_t offset,
                         std::uint64_t n) noexcept {
  std::uint64_t sum;
  void* shard_or_cs;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "movq (%[shard], %[offset]), %[sum]\n"
               "addq %[n], %[sum]\n"
               "movq %[sum], (%[shard], %[offset])\n"  // COMMIT
               "2:\n"
               : [sum] "=&r"(sum), [shard] "=&r"(shard_or_cs)
               : EBB_RSEQ_IN(at, elements), [offset] "r"(offset), [n] "r"(n)
               : "memory", "cc");
  return sum;
}

// Puts `value` into the word at `offset` of this id's element, and returns what was there.
inline void* exchange(const rseq_layout& at, void* const& elements, std::size_t offset,
                      void* value) noexcept {
  void* before;
  void* shard_or_cs;
  asm volatile(EBB_RSEQ_BEGIN EBB_RSEQ_SHARD
               "movq (%[shard], %[offset]), %[before]\n"
               "movq %[value], (%[shard], %[offset])\n"  // COMMIT
               "2:\n"
               : [before] "=&r"(before), [shard] "=&r"(shard_or_cs)
               : EBB_RSEQ_IN(at, elements), [offset] "r"(offset), [value] "r"(value)
               : "memory", "cc");
  return before;
}

// The id this thread runs under now; a guess by the time it is used.
inline std::uint32_t current_id(const rseq_layout& at) noexcept {
  std::uint32_t id;
  asm volatile("movl %%fs:(%[at]), %[id]\n" : [id] "=r"(id) : [at] "r"(at.id));
  return id;
}

}  // namespace ebb::detail::percpu::x86_64

#undef EBB_RSEQ_BEGIN
#undef EBB_RSEQ_SHARD
#undef EBB_RSEQ_IN

#endif
