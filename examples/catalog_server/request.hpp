// What one request needs from its first line to the last byte of its answer. Its strings and lists live in
// scratch memory that is pooled.
#pragma once

#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstddef>
#include <memory_resource>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "deflate_stream.hpp"

namespace catalog {

namespace http = boost::beast::http;

/// The longest request target the server takes, in bytes.
inline constexpr std::size_t max_target = 1024;

struct request {
  explicit request(std::pmr::memory_resource* scratch)
      : target(scratch),
        path(scratch),
        code(scratch),
        text(scratch),
        prefix(scratch),
        matches(scratch),
        body(scratch) {}

  // Filled by request_parser.
  http::verb method = http::verb::unknown;
  std::pmr::string target;  ///< cut after max_target + 1 bytes: longer ones are refused.
  coding accepted = coding::identity;
  bool may_chunk = false;  ///< HTTP/1.1; a client of 1.0 learns the end of a long answer by the close.

  // Filled by route().
  std::pmr::string path;    ///< percent-decoded, as are `code`, `text` and `prefix`; those are folded too.
  std::pmr::string code;    ///< the part of the path after a catalogue's name.
  std::pmr::string text;    ///< ?q=
  std::pmr::string prefix;  ///< ?country=, as the start of a subdivision's code.

  // The answer.
  http::status status = http::status::ok;
  bool is_list = false;  ///< the body is `matches`; otherwise it is `body`.
  std::pmr::vector<const record*> matches;
  std::pmr::string body;
};

}  // namespace catalog
