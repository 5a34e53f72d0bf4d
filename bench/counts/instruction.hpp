// As much of x86-64's encoding as it takes to tell apart what is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bench {

enum class instruction_kind { plain, atomic, fence, syscall };

// An instruction has at most 15 bytes, so at most 14 of them are prefixes. Two more, so that the byte after
// the opcode is always there.
inline constexpr std::size_t longest_instruction = 15;
using code_bytes = std::array<std::uint8_t, longest_instruction + 2>;

inline bool is_prefix(std::uint8_t byte) {
  using namespace std::string_view_literals;
  constexpr std::string_view legacy = "\x26\x2E\x36\x3E\x64\x65\x66\x67\xF0\xF2\xF3"sv;
  return (byte & 0xF0) == 0x40 /* REX */ || legacy.find(static_cast<char>(byte)) != legacy.npos;
}

inline instruction_kind kind_of(const code_bytes& code) {
  std::size_t at = 0;
  for (; at + 1 < longest_instruction && is_prefix(code[at]); ++at) {
    if (code[at] == 0xF0) return instruction_kind::atomic;  // LOCK
  }
  const std::uint8_t opcode = code[at];
  const std::uint8_t next = code[at + 1];
  if (opcode == 0x86 || opcode == 0x87) {  // XCHG locks by itself, unless both operands are registers
    return next >> 6 == 3 ? instruction_kind::plain : instruction_kind::atomic;
  }
  if (opcode != 0x0F) return instruction_kind::plain;
  if (next == 0x05) return instruction_kind::syscall;
  // MFENCE, unless there is a prefix. SFENCE and LFENCE are no full fences.
  if (at == 0 && next == 0xAE && code[2] == 0xF0) return instruction_kind::fence;
  return instruction_kind::plain;
}

}  // namespace bench
