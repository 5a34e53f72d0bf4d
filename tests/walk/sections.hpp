// The critical sections that are walked, each in a function of its own: boundaries.py finds it by its name,
// `walk_<name>`, in the disassembly of the program.
#pragma once

#include <ebb/detail/percpu/percpu.hpp>

extern "C" {

using ebb::detail::shard;
using ebb::detail::percpu::result;
using ebb::detail::percpu::rseq_layout;

result walk_pop(const rseq_layout& at, const std::atomic<shard*>& local, void*& out) noexcept;
result walk_push(const rseq_layout& at, const std::atomic<shard*>& local, void* object) noexcept;
std::size_t walk_pop_n(const rseq_layout& at, const std::atomic<shard*>& local, void** out,
                       std::size_t wanted) noexcept;
std::size_t walk_push_n(const rseq_layout& at, const std::atomic<shard*>& local, void* const* objects,
                        std::size_t offered) noexcept;
result walk_exchange_top(const rseq_layout& at, const std::atomic<shard*>& local, void** expected,
                         void** desired, std::uint32_t& id) noexcept;
std::uint64_t walk_add(const rseq_layout& at, void* const& elements, std::size_t offset,
                       std::uint64_t n) noexcept;
void* walk_exchange(const rseq_layout& at, void* const& elements, std::size_t offset, void* value) noexcept;

}  // extern "C"
