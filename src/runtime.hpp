// What this process can do: found out once, while the library is loaded.
#pragma once

#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/block_arena.hpp>
#include <ebb/detail/percpu/shard.hpp>
#include <ebb/runtime_info.hpp>

namespace ebb::detail {

struct runtime {
  access_path path = access_path::portable;
  shard_index index = shard_index::thread;
  const char* reason = "";
  percpu::rseq_layout layout{0, 0};
  std::uint32_t shards = 1;
  // Shards that are empty and full, for pools before their first put.
  shard* vacant = nullptr;
};

[[nodiscard]] const runtime& this_runtime() noexcept;

// Waits until no critical section that began before this call can still commit: those that run start
// again. Returns false if the kernel refuses, which it may at any time (a seccomp filter installed late;
// no memory); nothing may then be assumed. Always true on the portable path, which needs no fence.
[[nodiscard]] bool fence() noexcept;

// The NUMA node of the processor this thread is on; 0 where there is one, or the kernel does not say.
// Tests put a map of their own in its place.
extern atomic<std::uint32_t (*)() noexcept> current_node;

// For tests: one bit for each of the next calls of fence(), the lowest first; 1 makes it fail.
extern atomic<std::uint32_t> fence_plan;

}  // namespace ebb::detail
