// What one critical section works on. A pool has one shard for each id that may occur.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/config.hpp>

namespace ebb::detail {

// log2 of the distance between two shards: 128 bytes, two cache lines, because x86-64 prefetches lines
// in pairs and one false-sharing neighbour costs more than the padding (as in Go's poolLocal).
inline constexpr int shard_shift = 7;
inline constexpr std::size_t shard_bytes = 1 << shard_shift;

struct alignas(shard_bytes) shard {
  // A load waits for a store just before it if the low 12 bits of their addresses are equal. Hits load
  // words of the pool right after they stored `top` of another hit; those words are at the start of cache
  // lines, or 8 or 16 behind it, and `top` is not. (With both at the start 7 of 150 pools took 4.7 ns for a
  // pair and the others 1.1; AMD Zen 5.)
  std::byte away_from_pools[40];
  // Written by critical sections of the thread that runs under this shard's id, and by the collector
  // once a fence has proved that no section can still commit here. Read by anyone, as a guess.
  atomic<void**> top;
  // Portable path only: 1 while somebody works on `top`. Always tried, never waited for without bound.
  atomic<std::uint32_t> lock;
};
static_assert(sizeof(shard) == shard_bytes);
inline constexpr std::size_t top_offset = offsetof(shard, top);
static_assert(top_offset % 64 == 40);

class depot;
struct pool_state;

// What lies before the first shard of a bank, on a line of its own: whose it is, and where its depots are.
// Null for the bank of pools that nothing was put into yet. Finding the state through the bank makes one
// store publish both.
struct alignas(shard_bytes) bank_header {
  pool_state* state;
  depot* depots = nullptr;
};
[[nodiscard]] inline const bank_header& header_of(shard* first) noexcept {
  return reinterpret_cast<bank_header*>(first)[-1];
}
[[nodiscard]] inline pool_state* state_of(shard* first) noexcept { return header_of(first).state; }

namespace percpu {

// Offsets from the thread pointer. `area` is 0 where rseq is not in use, and every hit path then goes
// to the portable path out of line.
struct rseq_layout {
  std::ptrdiff_t area;  // of struct rseq
  std::ptrdiff_t id;    // of its field that indexes shards: mm_cid, or cpu_id
};

// Set once while the library is loaded, before any other initialiser. Declared const so that compilers
// may keep it in registers across sections; a stale 0 only means one more trip to the slow path.
EBB_API extern const rseq_layout layout;

enum class result {
  done,
  refused,  // pop: empty. push: full. exchange_top: no longer as expected. The caller goes the slow way.
};

}  // namespace percpu
}  // namespace ebb::detail
