// Everything the server pools.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/pool_resource.hpp>

#include "any_buffer.hpp"
#include "any_pool.hpp"
#include "deflate_stream.hpp"

namespace catalog {

/// Answers are rendered, compressed and sent in pieces of about this many bytes of text.
inline constexpr std::size_t piece_bytes = 8 * 1024;

/// Heads, and answers that fit behind them, leave through writers of one of these sizes, as in Go's
/// net/http.
inline constexpr std::size_t small_writer_bytes = 2 * 1024;
inline constexpr std::size_t large_writer_bytes = 4 * 1024;

/// Must outlive every session.
class pools {
 public:
  explicit pools(pool_mode m);

  [[nodiscard]] pool_mode mode() const noexcept { return mode_; }

  /// A compressor for `c`, which is not identity.
  [[nodiscard]] any_pool<deflate_stream>::handle stream(coding c);

  /// An empty buffer with room for a piece of an answer of so many bytes.
  [[nodiscard]] any_buffer text(std::size_t bytes);

  /// An empty buffer for what nobody knows the size of beforehand: a piece after compression.
  [[nodiscard]] any_buffer packed();

  /// An empty buffer with room for one of the sizes above.
  [[nodiscard]] any_buffer writer(std::size_t bytes);

  /// Memory for what one request needs from its first line to the end of its answer.
  [[nodiscard]] std::pmr::memory_resource* scratch() noexcept { return scratch_; }

  /// Returns      name and numbers of each pool.
  [[nodiscard]] std::vector<std::pair<std::string, ebb::pool_stats>> stats() const;

  /// Streams and buffers that lie idle. Not the scratch: nobody knows what is idle in that of std.
  [[nodiscard]] std::uint64_t idle() const;

 private:
  pool_mode mode_;
  any_pool<deflate_stream> gzip_streams_;  // the format is fixed when a stream is made: one pool for each
  any_pool<deflate_stream> zlib_streams_;

  ebb::buffer_pool texts_;  // mode ebb
  ebb::calibrated_buffer_pool packed_;
  ebb::buffer_pool writers_;
  ebb::pool_resource blocks_;

  any_pool<std::string> text_strings_;  // the other modes
  any_pool<std::string> packed_strings_;
  any_pool<std::string> writer_strings_;
  std::pmr::synchronized_pool_resource mutex_blocks_;

  std::pmr::memory_resource* scratch_;
};

}  // namespace catalog
