// A text of 1 KiB in 16 pieces, for whatever has a <<.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace bench {

inline constexpr std::size_t piece_count = 16;
inline constexpr std::size_t piece_bytes = 64;

inline void write_pieces(auto& out) {
  static constexpr std::array<char, piece_bytes> piece = [] {
    std::array<char, piece_bytes> letters{};
    for (std::size_t i = 0; i < piece_bytes; ++i) letters[i] = static_cast<char>('a' + i % 26);
    return letters;
  }();
  for (std::size_t i = 0; i < piece_count; ++i) out << std::string_view(piece.data(), piece.size());
}

}  // namespace bench
