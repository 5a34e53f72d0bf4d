#include "url.hpp"

#include <algorithm>
#include <charconv>

namespace catalog {
namespace {

// The parts before and after the first separator; the second is empty if there is none.
std::pair<std::string_view, std::string_view> split(std::string_view text, char separator) noexcept {
  const std::size_t at = std::min(text.find(separator), text.size());
  return {text.substr(0, at), text.substr(std::min(at + 1, text.size()))};
}

}  // namespace

std::pair<std::string_view, std::string_view> split_target(std::string_view target) noexcept {
  return split(target, '?');
}

std::pair<std::string_view, std::string_view> next_parameter(std::string_view& query) noexcept {
  const auto [first, rest] = split(query, '&');
  query = rest;
  return split(first, '=');
}

bool decode(std::string_view encoded, plus_means plus, std::pmr::string& out) {
  out.clear();
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out.push_back(encoded[i] == '+' ? static_cast<char>(plus) : encoded[i]);
      continue;
    }
    const std::string_view digits = encoded.substr(i + 1, 2);
    unsigned char byte = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc() || stop != digits.data() + 2) return false;
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return true;
}

}  // namespace catalog
