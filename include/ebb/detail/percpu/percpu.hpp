// Which implementation of the critical sections runs, chosen once per process.
//
// try_pop and try_push are the hit path: one critical section, inlined, or `refused` at once where rseq
// is not in use. The other functions serve the slow path, in both modes.
#pragma once

#include <ebb/detail/percpu/aarch64.hpp>
#include <ebb/detail/percpu/fallback.hpp>
#include <ebb/detail/percpu/none.hpp>
#include <ebb/detail/percpu/x86_64.hpp>

namespace ebb::detail::percpu {

#if !EBB_HAS_RSEQ
namespace arch = none;
#elif defined(__x86_64__)
namespace arch = x86_64;
#else
namespace arch = aarch64;
#endif

[[nodiscard]] EBB_FAST_PATH bool has_rseq() noexcept { return rseq_build && layout.area != 0; }

EBB_FAST_PATH result try_pop(const atomic<shard*>& local, void*& out) noexcept {
  if (!has_rseq()) [[unlikely]]
    return result::refused;
  return arch::pop(layout, local, out);
}

EBB_FAST_PATH result try_push(const atomic<shard*>& local, void* object) noexcept {
  if (!has_rseq()) [[unlikely]]
    return result::refused;
  return arch::push(layout, local, object);
}

inline result push(const atomic<shard*>& local, std::uint32_t shards, void* object) noexcept {
  return has_rseq() ? arch::push(layout, local, object) : fallback::push(local, shards, object);
}

inline std::size_t pop_n(const atomic<shard*>& local, std::uint32_t shards, void** out,
                         std::size_t wanted) noexcept {
  return has_rseq() ? arch::pop_n(layout, local, out, wanted) : fallback::pop_n(local, shards, out, wanted);
}

inline std::size_t push_n(const atomic<shard*>& local, std::uint32_t shards, void* const* objects,
                          std::size_t offered) noexcept {
  return has_rseq() ? arch::push_n(layout, local, objects, offered)
                    : fallback::push_n(local, shards, objects, offered);
}

inline result exchange_top(const atomic<shard*>& local, std::uint32_t shards, void** expected,
                           void** desired, std::uint32_t& id) noexcept {
  return has_rseq() ? arch::exchange_top(layout, local, expected, desired, id)
                    : fallback::exchange_top(local, shards, expected, desired, id);
}

inline std::uint64_t add(void* const& elements, std::uint32_t shards, std::size_t offset,
                         std::uint64_t n) noexcept {
  if (has_rseq()) [[likely]]
    return arch::add(layout, elements, offset, n);
  return fallback::add(elements, shards, offset, n);
}

inline void* exchange(void* const& elements, std::uint32_t shards, std::size_t offset,
                      void* value) noexcept {
  return has_rseq() ? arch::exchange(layout, elements, offset, value)
                    : fallback::exchange(elements, shards, offset, value);
}

// The id this thread works under now: a guess by the time it is used, always below `shards`.
inline std::uint32_t current_id(std::uint32_t shards) noexcept {
  const std::uint32_t id = has_rseq() ? arch::current_id(layout) : fallback::thread_id();
  return id < shards ? id : id % shards;
}

}  // namespace ebb::detail::percpu
