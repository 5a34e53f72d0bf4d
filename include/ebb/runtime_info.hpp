// Which path this process runs on, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <ebb/detail/config.hpp>
#include <ebb/pressure.hpp>

namespace ebb {

/// How get and put reach their shard.
enum class access_path {
  rseq,      ///< Linux restartable sequences: a hit is one critical section without atomics.
  portable,  ///< std::atomic only: a try-lock per shard.
};

/// Returns      the name, as it is written above.
[[nodiscard]] constexpr const char* to_string(access_path path) noexcept {
  return path == access_path::rseq ? "rseq" : "portable";
}

/// What a shard is indexed by.
enum class shard_index {
  mm_cid,  ///< the kernel's concurrency id: copies follow concurrency, not CPUs (Linux 6.3 and later).
  cpu_id,  ///< the CPU the thread runs on.
  thread,  ///< the CPU each thread was on when it last looked (portable path).
};

/// Returns      the name, as it is written above.
[[nodiscard]] constexpr const char* to_string(shard_index index) noexcept {
  switch (index) {
    case shard_index::mm_cid: return "mm_cid";
    case shard_index::cpu_id: return "cpu_id";
    case shard_index::thread: break;
  }
  return "thread";
}

/// What runtime_info() returns.
struct runtime_information {
  access_path path = access_path::portable;
  shard_index index = shard_index::thread;
  std::string reason;                  ///< why this path, in words a person can act on.
  std::size_t shards = 0;              ///< shards per pool: one for each id that may occur.
  std::uint64_t cycles = 0;            ///< cycles run since the process started.
  std::uint64_t cycles_abandoned = 0;  ///< cycles given up because membarrier failed; nothing was lost.
  bool collector_running = false;      ///< whether the background thread exists now.
  pressure_level pressure = pressure_level::low;  ///< what ebb::pressure() says.
  /// What of the kernel is listened to, or why nothing is: "PSI of the group /x, 2 s windows; memory.max
  /// 512 MiB", "not watched: EBB_PRESSURE=off".
  std::string pressure_source;
};

/// Says which path this process runs on, and why.
/// Returns      a snapshot; path, index, reason and shards never change while the process lives.
/// Throws       std::bad_alloc.
/// Threads      safe from any thread.
/// Cost         a few mutexes, and two strings.
[[nodiscard]] EBB_API runtime_information runtime_info();

}  // namespace ebb
