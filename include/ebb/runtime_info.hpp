// Which path this process runs on, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <ebb/detail/config.hpp>

namespace ebb {

/// How get and put reach their shard.
enum class access_path {
  rseq,      ///< Linux restartable sequences: a hit is one critical section without atomics.
  portable,  ///< std::atomic only: a try-lock per shard.
};

/// What a shard is indexed by.
enum class shard_index {
  mm_cid,  ///< the kernel's concurrency id: copies follow concurrency, not CPUs (Linux 6.3 and later).
  cpu_id,  ///< the CPU the thread runs on.
  thread,  ///< the CPU each thread was on when it last looked (portable path).
};

/// What runtime_info() returns.
struct runtime_information {
  access_path path = access_path::portable;
  shard_index index = shard_index::thread;
  std::string reason;                  ///< why this path, in words a person can act on.
  std::size_t shards = 0;              ///< shards per pool: one for each id that may occur.
  std::uint64_t cycles = 0;            ///< cycles run since the process started.
  std::uint64_t cycles_abandoned = 0;  ///< cycles given up because membarrier failed; nothing was lost.
  bool collector_running = false;      ///< whether the background thread exists now.
};

/// Says which path this process runs on, and why.
/// Returns      a snapshot; path, index, reason and shards never change while the process lives.
/// Throws       std::bad_alloc.
/// Threads      safe from any thread.
[[nodiscard]] EBB_API runtime_information runtime_info();

}  // namespace ebb
