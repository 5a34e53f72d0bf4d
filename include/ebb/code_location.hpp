// A place in the source of a program.
#pragma once

#include <cstdint>

namespace ebb {

/// What std::source_location is, which clang 14 does not have; and the same for every compiler, since it
/// crosses the border of the library.
struct code_location {
  const char* file = "";
  const char* function = "";
  std::uint32_t line = 0;

  /// Returns      where it is called, also as a default argument.
  [[nodiscard]] static constexpr code_location current(const char* file = __builtin_FILE(),
                                                       const char* function = __builtin_FUNCTION(),
                                                       std::uint32_t line = __builtin_LINE()) noexcept {
    return {file, function, line};
  }
};

}  // namespace ebb
