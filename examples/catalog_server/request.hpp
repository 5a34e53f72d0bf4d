// What one request needs from its first line to the last byte of its answer. Pooled: all of it keeps its
// memory from one request to the next.
#pragma once

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "deflate_stream.hpp"

namespace catalog {

namespace http = boost::beast::http;

/// The longest request target the server takes, in bytes.
inline constexpr std::size_t max_target = 1024;

struct request {
  // Filled by request_parser.
  http::verb method = http::verb::unknown;
  std::string target;  ///< cut after max_target + 1 bytes: longer ones are refused.
  coding accepted = coding::identity;
  bool may_chunk = false;  ///< HTTP/1.1; a client of 1.0 learns the end of a long answer by the close.

  // Filled by route().
  std::string path;    ///< percent-decoded, as are `code`, `text` and `prefix`; those are folded too.
  std::string code;    ///< the part of the path after a catalogue's name.
  std::string text;    ///< ?q=
  std::string prefix;  ///< ?country=, as the start of a subdivision's code.

  // The answer.
  http::status status = http::status::ok;
  bool is_list = false;  ///< the body is `matches`; otherwise it is `body`.
  std::vector<const record*> matches;
  std::string body;
  std::string head;  ///< status line and header fields.

  /// Makes it ready for the next request; strings and vectors keep their memory.
  void clear() noexcept;

  /// Bytes of memory kept for the next request.
  [[nodiscard]] std::size_t kept_bytes() const noexcept;
};

}  // namespace catalog
