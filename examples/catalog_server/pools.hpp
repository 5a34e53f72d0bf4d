// Everything the server pools.
#pragma once

#include <cstdint>
#include <string>

#include "any_pool.hpp"
#include "deflate_stream.hpp"
#include "request.hpp"

namespace catalog {

/// Answers are rendered, compressed and sent in pieces of about this many bytes of text.
inline constexpr std::size_t piece_bytes = 8 * 1024;

/// Must outlive every session.
struct pools {
  explicit pools(pool_mode m);

  [[nodiscard]] any_pool<deflate_stream>::handle stream(coding c) {
    return c == coding::gzip ? gzip_streams.get() : zlib_streams.get();
  }

  /// Objects that lie idle in all pools together.
  [[nodiscard]] std::uint64_t idle() const;

  pool_mode mode;
  any_pool<deflate_stream> gzip_streams;  // the format is fixed when a stream is made: one pool for each
  any_pool<deflate_stream> zlib_streams;
  any_pool<std::string> buffers;
  any_pool<request> requests;
};

}  // namespace catalog
