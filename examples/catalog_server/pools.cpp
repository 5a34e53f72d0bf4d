#include "pools.hpp"

#include <memory>

namespace catalog {
namespace {

// One answer of unusual size must not leave its memory in the pool for the small ones that follow.
constexpr std::size_t max_kept_bytes = 256 * 1024;

ebb::object_pool_options<deflate_stream> streams(coding c, std::string name) {
  return {.make = [c] { return std::make_unique<deflate_stream>(c); },
          .recycle = [](deflate_stream& s) { return s.reset(); },
          .name = std::move(name),
          .max_loaded = 4};  // 268 KB each: better stolen from another CPU than kept out of its reach
}

std::unique_ptr<std::string> make_buffer() {
  auto buffer = std::make_unique<std::string>();
  buffer->reserve(piece_bytes + piece_bytes / 4);  // a piece ends with the record that completes it
  return buffer;
}

bool recycle_buffer(std::string& buffer) {
  buffer.clear();
  return buffer.capacity() <= max_kept_bytes;
}

bool recycle_request(request& r) {
  r.clear();
  return r.kept_bytes() <= max_kept_bytes;
}

}  // namespace

pools::pools(pool_mode m)
    : mode(m),
      gzip_streams(m, streams(coding::gzip, "gzip_streams")),
      zlib_streams(m, streams(coding::deflate, "zlib_streams")),
      buffers(m, {.make = make_buffer, .recycle = recycle_buffer, .name = "buffers"}),
      requests(m, {.make = [] { return std::make_unique<request>(); },
                   .recycle = recycle_request,
                   .name = "requests"}) {}

std::uint64_t pools::idle() const {
  return gzip_streams.stats().idle + zlib_streams.stats().idle + buffers.stats().idle +
         requests.stats().idle;
}

}  // namespace catalog
