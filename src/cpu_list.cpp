#include "cpu_list.hpp"

#include <algorithm>
#include <charconv>

namespace ebb::detail {

namespace {

// Reads a CPU number off the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) noexcept {
  constexpr std::uint32_t limit = 1u << 20;  // far above any kernel's NR_CPUS
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value >= limit) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::optional<std::uint32_t> highest_cpu(std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::optional<std::uint32_t> highest;
  for (;;) {
    const std::optional<std::uint32_t> first = take_number(text);
    if (!first) return std::nullopt;
    std::uint32_t last = *first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      const std::optional<std::uint32_t> end = take_number(text);
      if (!end || *end < *first) return std::nullopt;
      last = *end;
    }
    highest = std::max(highest.value_or(0), last);
    if (text.empty()) return highest;
    if (!text.starts_with(',')) return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace ebb::detail
