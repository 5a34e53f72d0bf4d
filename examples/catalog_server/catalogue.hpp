// The catalogues in memory: read once at the start, then only read by many threads.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace catalog {

struct record {
  std::string text;        ///< compact JSON, byte for byte what `jq -c` prints.
  std::string searchable;  ///< all values, ASCII letters in lower case, each ended by value_end.
};

/// Ends each value in record::searchable; no value and no query holds it, so no match spans two values.
inline constexpr char value_end = '\x1f';

/// Lower case for ASCII letters, the rest as it is: what jq calls ascii_downcase.
void fold_ascii(std::span<char> text) noexcept;

class catalogue {
 public:
  /// Throws       example::usage_error when the file is missing or not what iso-codes ships.
  catalogue(std::string route, const std::filesystem::path& file, const std::string& key,
            std::span<const std::string_view> code_fields);

  [[nodiscard]] const std::string& route() const noexcept { return route_; }
  [[nodiscard]] std::span<const record> records() const noexcept { return records_; }

  /// Returns      the first record that has this code, or null. `folded` went through fold_ascii().
  [[nodiscard]] const record* by_code(std::string_view folded) const;

 private:
  std::string route_;
  std::vector<record> records_;
  struct hash : std::hash<std::string_view> {
    using is_transparent = void;  // to look a code up without making a std::string of it
  };
  // folded code -> index in records_
  std::unordered_map<std::string, std::size_t, hash, std::equal_to<>> by_code_;
};

/// Reads all catalogues the server knows.
[[nodiscard]] std::vector<catalogue> load_catalogues(const std::filesystem::path& folder);

}  // namespace catalog
