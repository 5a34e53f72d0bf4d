// Memory that a test makes itself, and bytes that say whose they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <ebb/pooled_buffer.hpp>

namespace ebb::test {

// What a user of a pool may put into it.
inline detached_buffer own_memory(std::size_t capacity, std::size_t alignment = 0) {
  void* const memory = alignment == 0 ? std::malloc(capacity) : std::aligned_alloc(alignment, capacity);
  detached_buffer own;
  own.data.reset(static_cast<std::byte*>(memory));
  own.capacity = capacity;
  return own;
}

inline std::span<std::byte> all_of(pooled_buffer& buffer) { return {buffer.data(), buffer.capacity()}; }
inline std::string text_of(const pooled_buffer& buffer) { return std::string(buffer.view()); }

// The i-th byte of a pattern. Each 8 bytes of one pattern are others than any 8 of another; none are all
// zero.
constexpr std::byte pattern_byte(std::uint64_t pattern, std::size_t i) {
  const std::uint64_t mixed = (pattern * 64 + i / 8 % 64 + 1) * 0x9e3779b97f4a7c15u;
  return static_cast<std::byte>(mixed >> i % 8 * 8);
}
inline void fill(std::span<std::byte> bytes, std::uint64_t pattern) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = pattern_byte(pattern, i);
}
// How many bytes, from the first one on, are as fill() left them.
inline std::size_t intact(std::span<const std::byte> bytes, std::uint64_t pattern) {
  std::size_t i = 0;
  while (i < bytes.size() && bytes[i] == pattern_byte(pattern, i)) ++i;
  return i;
}
// How many are zero.
inline std::size_t zeros(std::span<const std::byte> bytes) {
  std::size_t count = 0;
  for (const std::byte b : bytes) count += b == std::byte{0} ? 1 : 0;
  return count;
}

}  // namespace ebb::test
