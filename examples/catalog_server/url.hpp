// The parts of a request target.
#pragma once

#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

namespace catalog {

/// Returns      the path, and what follows the first question mark.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_target(std::string_view target) noexcept;

/// Cuts the first name=value from a query.
/// Returns      name and value, still encoded.
[[nodiscard]] std::pair<std::string_view, std::string_view> next_parameter(
    std::string_view& query) noexcept;

/// What a plus sign stands for: itself in a path, a space in the values of a form.
enum class plus_means : char { plus = '+', space = ' ' };

/// Replaces `out` by the percent-decoded text.
/// Returns      false when a percent sign is not followed by two hexadecimal digits.
[[nodiscard]] bool decode(std::string_view encoded, plus_means plus, std::pmr::string& out);

}  // namespace catalog
