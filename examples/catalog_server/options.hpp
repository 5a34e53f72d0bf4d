// The command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "any_pool.hpp"

namespace catalog {

struct options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: a free one, printed on the first line.
  unsigned threads = 0;       ///< 0 becomes the number of CPUs.
  pool_mode pool = pool_mode::ebb;
  std::filesystem::path catalogues = "/usr/share/iso-codes/json";
  std::chrono::milliseconds cycle{5000};
  std::filesystem::path sample_csv;  ///< empty: no samples.
  std::chrono::milliseconds sample{100};
  std::optional<int> inspector_port;  ///< of the page that shows the pools; 0: a free one. Empty: no page.
};

/// Returns      nothing when the text of --help was asked for, and printed.
/// Throws       example::usage_error that names the value and the valid ones.
[[nodiscard]] std::optional<options> parse_options(int argc, char** argv);

}  // namespace catalog
