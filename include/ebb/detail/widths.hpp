// How wide and how many, where a program would need hours or a terabyte to see the end of it. The model
// checker has small numbers here, and explores what happens there.
#pragma once

#include <cstdint>

#include <ebb/detail/config.hpp>

#if EBB_MODEL
#include <model/widths.hpp>  // tests/model/
#else

namespace ebb::detail {

// The head of a versioned_stack.
inline constexpr int stack_index_bits = 28;
inline constexpr int stack_version_bits = 36;

// log2 of the blocks in the first segment of a block_arena; each further one has twice as many.
inline constexpr int first_segment_bits = 4;

// Empty magazines come from the kernel, and go back to it, in pages of this many bytes; how many complete
// pages a cycle keeps.
inline constexpr std::uint32_t empties_page_bytes = 4096;
inline constexpr std::uint32_t pages_kept = 8;

// Portable path: how often a cycle tries the lock of a shard.
inline constexpr int unload_tries = 100;

}  // namespace ebb::detail

#endif

namespace ebb::detail {

static_assert(stack_index_bits + stack_version_bits <= 64);

}  // namespace ebb::detail
