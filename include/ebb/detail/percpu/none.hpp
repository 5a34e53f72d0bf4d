// For targets without critical sections: has_rseq() is false, so none of these is ever called.
#pragma once

#include <ebb/detail/percpu/shard.hpp>

namespace ebb::detail::percpu::none {

using local_bank = atomic<shard*>;

inline result pop(const rseq_layout&, const local_bank&, void*&) noexcept { return result::refused; }
inline result push(const rseq_layout&, const local_bank&, void*) noexcept { return result::refused; }
inline std::size_t pop_n(const rseq_layout&, const local_bank&, void**, std::size_t) noexcept { return 0; }
inline std::size_t push_n(const rseq_layout&, const local_bank&, void* const*, std::size_t) noexcept {
  return 0;
}
inline result exchange_top(const rseq_layout&, const local_bank&, void**, void**, std::uint32_t&) noexcept {
  return result::refused;
}
inline std::uint64_t add(const rseq_layout&, void* const&, std::size_t, std::uint64_t) noexcept {
  return 0;
}
inline void* exchange(const rseq_layout&, void* const&, std::size_t, void* value) noexcept { return value; }
inline std::uint32_t current_id(const rseq_layout&) noexcept { return 0; }

}  // namespace ebb::detail::percpu::none
