// highest_cpu() against a parser that is written in another way: it splits first, and looks at characters.
#include "cpu_list.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "target.hpp"

namespace ebb::fuzz {

namespace {

// Digits only, and below 2^20, however many zeros lead.
std::optional<std::uint64_t> number(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value =
        std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(c - '0'), std::uint64_t{1} << 40);
  }
  return value < (1u << 20) ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> highest_of(std::string_view range) {
  const std::size_t dash = range.find('-');
  const auto first = number(range.substr(0, dash));
  if (dash == std::string_view::npos || !first) return first;
  const auto last = number(range.substr(dash + 1));
  return last && *last >= *first ? last : std::nullopt;
}

std::optional<std::uint64_t> reference(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::optional<std::uint64_t> highest;
  for (;;) {
    const std::size_t comma = text.find(',');
    const auto here = highest_of(text.substr(0, comma));
    if (!here) return std::nullopt;
    highest = std::max(highest.value_or(0), *here);
    if (comma == std::string_view::npos) return highest;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

void cpu_list(std::span<const std::uint8_t> bytes) {
  // The first byte says whether the rest is text, or chooses from what CPU lists are made of.
  if (bytes.empty()) return;
  static char text[4096];
  const std::size_t size = std::min(bytes.size() - 1, sizeof text);
  constexpr std::string_view alphabet = "0123456789,-,-,-\n 1048575048576";
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t b = bytes[i + 1];
    text[i] = bytes[0] % 2 == 0 ? static_cast<char>(b) : alphabet[b % alphabet.size()];
  }
  const std::string_view list(text, size);
  const auto ours = detail::highest_cpu(list);
  const auto expected = reference(list);
  EBB_FUZZ_CHECK(ours.has_value() == expected.has_value());
  EBB_FUZZ_CHECK(!ours || *ours == *expected);
}

}  // namespace ebb::fuzz
