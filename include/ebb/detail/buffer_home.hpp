// Where the memory of a buffer comes from and goes back to, seen from the buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <ebb/detail/pool_core.hpp>

namespace ebb::detail {

struct buffer_home;

// The memory of one buffer. Null data: no memory yet.
struct buffer_block {
  std::byte* data = nullptr;
  std::size_t capacity = 0;     // bytes
  buffer_home* home = nullptr;  // null: of no pool
};

// A pool, for what is not a hit. Not a public interface: each pool is its own only implementation. Blocks
// are passed in pieces: by reference their buffer could not stay in registers, and by value they would be
// copied with wider loads than the stores just before, which stall (5 ns a call on AMD Zen 5).
class buffer_owner {
 public:
  // Memory for at least `bytes` with the first `length` bytes of `old` in it; `old` is used up, unless this
  // throws (std::bad_alloc, std::length_error).
  virtual buffer_block grow(std::byte* old, std::size_t capacity, buffer_home* home, std::size_t length,
                            std::size_t bytes) = 0;
  // Takes back a block whose user was done with it when it held `length` bytes.
  virtual void give_back(std::byte* data, std::size_t capacity, buffer_home* home,
                         std::size_t length) noexcept = 0;
  // The block leaves the pool for good.
  virtual void let_go(std::byte* data, buffer_home* home) noexcept = 0;

 protected:
  ~buffer_owner() = default;
};

struct buffer_home {
  buffer_owner* owner;
  // Of every block that lives here; 0 where each has its own.
  std::size_t capacity = 0;
  // give_back() is nothing but a put into the core of the tier this is.
  bool straight = false;
  // Bytes that get() and resize() add read as zero.
  bool zeroes = false;
  // Bytes between the start of the allocation, which is what free() takes, and the data.
  std::uint16_t header_bytes = 0;
};

// Buffers of one capacity, or of all, that are idle as pointers to their data.
struct buffer_tier : buffer_home {
  pool_core core;

  buffer_tier(const buffer_home& home, const object_traits& traits, const pool_limits& limits,
              std::string name)
      : buffer_home(home), core(traits, limits, std::move(name)) {}

  // To a power of two, so that finding a tier takes a shift.
  static constexpr std::size_t bytes = 512;
  std::byte padding[bytes - 64 - sizeof(pool_core)];
};
static_assert(sizeof(buffer_tier) == buffer_tier::bytes);

}  // namespace ebb::detail
