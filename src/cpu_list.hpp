// Linux's textual CPU lists: "0-3,8,10-11".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ebb::detail {

// The highest CPU id in the list, or nothing if `text` is not a CPU list (a trailing newline is allowed).
// Source: Documentation/admin-guide/cputopology.rst of the Linux kernel.
[[nodiscard]] std::optional<std::uint32_t> highest_cpu(std::string_view text) noexcept;

}  // namespace ebb::detail
