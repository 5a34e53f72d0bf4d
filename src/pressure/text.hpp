// What the kernel writes about control groups and memory, read. All of it is text from outside: what is not
// exactly as expected is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ebb::detail {

// A limit that is none: "max", and what version 1 says instead, the largest number of whole pages.
inline constexpr std::uint64_t no_memory_limit = ~std::uint64_t{0};

// The two kinds of hierarchy that know memory limits. On hybrid machines a process is in one of each.
enum class cgroup_version : std::uint8_t { v1, v2 };

// A file with one number: memory.current, memory.max, memory.limit_in_bytes. Digits, or "max", and at most
// one newline.
[[nodiscard]] std::optional<std::uint64_t> parse_amount(std::string_view text) noexcept;

// The number behind `key` in a file of lines "key number": memory.events, memory.stat. A last line without
// a newline counts only when `text` is the whole file, which here it always is.
[[nodiscard]] std::optional<std::uint64_t> parse_keyed(std::string_view text,
                                                       std::string_view key) noexcept;

// The group of the process, from /proc/self/cgroup: "0::/path", or the line of version 1 that lists the
// controller "memory".
[[nodiscard]] std::optional<std::string_view> parse_membership(std::string_view text,
                                                               cgroup_version version) noexcept;

// Where a group's files are: `directory` for the group, `top` for the highest of its ancestors that is
// mounted here.
struct group_place {
  std::string directory;
  std::string top;
};

// From /proc/self/mountinfo. Nothing when no mount shows the group: it lies outside of what the container
// sees. Throws std::bad_alloc.
[[nodiscard]] std::optional<group_place> parse_mounts(std::string_view text, cgroup_version version,
                                                      std::string_view group);

// "512 MiB", "1.5 GiB", "200 bytes": for messages. Throws std::bad_alloc.
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

}  // namespace ebb::detail
