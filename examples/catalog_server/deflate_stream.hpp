// A zlib compressor: about 268 KB in five allocations, and 64 pages to touch, before its first byte.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <string_view>

#include "any_buffer.hpp"

namespace catalog {

enum class coding { identity, gzip, deflate };

/// Made once per use in mode "none"; otherwise reset() makes it as good as new.
class deflate_stream {
 public:
  /// Throws       std::bad_alloc.
  explicit deflate_stream(coding c);
  ~deflate_stream();
  deflate_stream(const deflate_stream&) = delete;
  deflate_stream& operator=(const deflate_stream&) = delete;

  /// Appends the compressed form of `text` to `out`, complete: a client can unpack all of `text` from it.
  /// After `last` the stream needs a reset().
  void compress(std::string_view text, bool last, any_buffer& out);

  /// Returns      false when zlib finds the stream damaged; it is of no use then.
  [[nodiscard]] bool reset() noexcept;

  /// What it takes in all, as zlib's zconf.h says it for windows of 2^15 and memLevel 8; in bytes.
  static constexpr std::size_t bytes = (std::size_t{1} << (15 + 2)) + (std::size_t{1} << (8 + 9));

 private:
  z_stream zlib_{};
};

}  // namespace catalog
