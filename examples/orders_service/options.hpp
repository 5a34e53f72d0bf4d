// The command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cache.hpp"
#include "database.hpp"

namespace orders {

enum class pool_mode : std::uint8_t {
  pool,   ///< connections are kept, as many as are of use.
  small,  ///< connections are kept, but too few of them.
  none,   ///< each request opens its own, and closes it.
};

struct options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8081;  ///< 0: a free one, printed on the first line.
  unsigned threads = 64;      ///< each answers one request at a time, and waits for its connections.
  pool_mode mode = pool_mode::pool;
  std::size_t capacity = 0;  ///< of each pool; 0: 16, and 2 if it is to be small.
  std::chrono::milliseconds patience{250};
  std::chrono::milliseconds query{0};  ///< how much longer each statement takes: stands for real work.
  database_settings database;
  cache_settings cache;
  std::filesystem::path sample_csv;  ///< empty: no samples.
  std::chrono::milliseconds sample{100};
  std::optional<int> inspector_port;  ///< of the page that shows the pools; 0: a free one. Empty: no page.
};

/// Returns      nothing when the text of --help was asked for, and printed.
/// Throws       example::usage_error that names the value and the valid ones.
[[nodiscard]] std::optional<options> parse_options(int argc, char** argv);

}  // namespace orders
