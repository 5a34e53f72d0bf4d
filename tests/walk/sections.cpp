// The only file of the walk that is compiled in every way: with each compiler, at each level of
// optimisation, and against each seeded bug. What interrupts the sections has copies of its own, without
// bugs.
#include "sections.hpp"

#if EBB_HAS_RSEQ

namespace sections = ebb::detail::percpu::x86_64;

// Link-time optimisation, too, has to leave each where it can be found.
#define WALKED extern "C" __attribute__((noinline, used))

WALKED result walk_pop(const rseq_layout& at, const std::atomic<shard*>& local, void*& out) noexcept {
  return sections::pop(at, local, out);
}

WALKED result walk_push(const rseq_layout& at, const std::atomic<shard*>& local, void* object) noexcept {
  return sections::push(at, local, object);
}

WALKED std::size_t walk_pop_n(const rseq_layout& at, const std::atomic<shard*>& local, void** out,
                              std::size_t wanted) noexcept {
  return sections::pop_n(at, local, out, wanted);
}

WALKED std::size_t walk_push_n(const rseq_layout& at, const std::atomic<shard*>& local,
                               void* const* objects, std::size_t offered) noexcept {
  return sections::push_n(at, local, objects, offered);
}

WALKED result walk_exchange_top(const rseq_layout& at, const std::atomic<shard*>& local, void** expected,
                                void** desired, std::uint32_t& id) noexcept {
  return sections::exchange_top(at, local, expected, desired, id);
}

WALKED std::uint64_t walk_add(const rseq_layout& at, void* const& elements, std::size_t offset,
                              std::uint64_t n) noexcept {
  return sections::add(at, elements, offset, n);
}

WALKED void* walk_exchange(const rseq_layout& at, void* const& elements, std::size_t offset,
                           void* value) noexcept {
  return sections::exchange(at, elements, offset, value);
}

#endif  // EBB_HAS_RSEQ
