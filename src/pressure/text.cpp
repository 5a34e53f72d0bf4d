#include "text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace ebb::detail {

namespace {

// Above what any machine has. Version 1 writes PAGE_COUNTER_MAX for "no limit", which depends on the page.
constexpr std::uint64_t largest_limit = std::uint64_t{1} << 60;

std::optional<std::uint64_t> whole_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes what stands before the next `separator`, or all of it, and the separator, off the front.
std::string_view take(std::string_view& text, char separator) noexcept {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view first = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return first;
}

bool lists(std::string_view names, std::string_view wanted) noexcept {
  while (!names.empty()) {
    if (take(names, ',') == wanted) return true;
  }
  return false;
}

// Blanks, tabs, newlines and backslashes in paths are written \040, \011, \012 and \134.
std::string unescaped(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '7'; };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && digit(text[i + 1]) && digit(text[i + 2]) &&
        digit(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// What is left of `group` below `root`: "" when they are the same. Nothing when it is not below.
std::optional<std::string_view> below(std::string_view group, std::string_view root) noexcept {
  if (root == "/") return group == "/" ? std::string_view() : group;
  if (!group.starts_with(root)) return std::nullopt;
  group.remove_prefix(root.size());
  if (!group.empty() && !group.starts_with('/')) return std::nullopt;
  return group;
}

// Parts that lead upwards stand for groups outside of the container's view.
bool leads_up(std::string_view path) noexcept {
  while (!path.empty()) {
    if (take(path, '/') == "..") return true;
  }
  return false;
}

}  // namespace

std::optional<std::uint64_t> parse_amount(std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text == "max") return no_memory_limit;
  const std::optional<std::uint64_t> value = whole_number(text);
  return value && *value >= largest_limit ? no_memory_limit : value;
}

std::optional<std::uint64_t> parse_keyed(std::string_view text, std::string_view key) noexcept {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (take(line, ' ') == key) return whole_number(line);
  }
  return std::nullopt;
}

std::optional<std::string_view> parse_membership(std::string_view text, cgroup_version version) noexcept {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view hierarchy = take(line, ':');
    const std::string_view controllers = take(line, ':');
    const bool wanted = version == cgroup_version::v2 ? hierarchy == "0" && controllers.empty()
                                                      : lists(controllers, "memory");
    if (wanted && line.starts_with('/') && line.find('\0') == std::string_view::npos) return line;
  }
  return std::nullopt;
}

std::optional<group_place> parse_mounts(std::string_view text, cgroup_version version,
                                        std::string_view group) {
  if (leads_up(group)) return std::nullopt;
  while (!text.empty()) {
    // id parent major:minor root point options optional-fields... - type source options
    std::string_view line = take(text, '\n');
    for (int field = 0; field < 3; ++field) (void)take(line, ' ');
    const std::string_view root = take(line, ' ');
    const std::string_view point = take(line, ' ');
    while (!line.empty() && take(line, ' ') != "-") {}
    const std::string_view type = take(line, ' ');
    (void)take(line, ' ');
    const bool wanted =
        version == cgroup_version::v2 ? type == "cgroup2" : type == "cgroup" && lists(line, "memory");
    if (!wanted || !root.starts_with('/') || !point.starts_with('/')) continue;
    if (point.find('\0') != std::string_view::npos) continue;
    const std::string unescaped_root = unescaped(root);
    const auto rest = below(group, unescaped_root);
    if (!rest) continue;
    group_place place{.directory = unescaped(point), .top = {}};
    place.top = place.directory;
    place.directory += *rest;
    return place;
  }
  return std::nullopt;
}

std::string readable_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> units = {" bytes", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = 0;
  while (bytes >= 1024 && unit + 1 < units.size()) {
    tenths = bytes % 1024 * 10 / 1024;
    bytes /= 1024;
    ++unit;
  }
  std::string text = std::to_string(bytes);
  if (tenths != 0) text.append(1, '.').append(std::to_string(tenths));
  return text + units[unit];
}

}  // namespace ebb::detail
