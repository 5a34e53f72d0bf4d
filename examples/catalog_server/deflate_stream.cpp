#include "deflate_stream.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <stdexcept>

namespace catalog {
namespace {

// Through operator new, so that heap_count sees zlib's memory like any other.
voidpf allocate(voidpf, uInt items, uInt bytes) {
  return ::operator new (std::size_t{items} * bytes, std::nothrow);
}
void release(voidpf, voidpf block) { ::operator delete(block); }

// RFC 9110 calls zlib's format "deflate"; 16 more bits of window mean gzip to deflateInit2().
constexpr int window_bits(coding c) noexcept { return c == coding::gzip ? MAX_WBITS + 16 : MAX_WBITS; }

constexpr int default_mem_level = 8;

// Bytes a buffer grows by at least.
constexpr std::size_t min_room = 512;

}  // namespace

deflate_stream::deflate_stream(coding c) {
  zlib_.zalloc = allocate;
  zlib_.zfree = release;
  // Level 1, as web servers choose for text they compress for one reader only.
  if (deflateInit2(&zlib_, Z_BEST_SPEED, Z_DEFLATED, window_bits(c), default_mem_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

deflate_stream::~deflate_stream() { (void)deflateEnd(&zlib_); }

void deflate_stream::compress(std::string_view text, bool last, any_buffer& out) {
  zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib does not write to it
  zlib_.avail_in = static_cast<uInt>(text.size());
  do {
    // What there is, and no guess at what may be needed at most: buffers then have the size of what is in
    // them.
    const std::size_t used = out.size();
    out.resize(std::max(out.capacity(), used + min_room));
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    zlib_.avail_out = static_cast<uInt>(out.size() - used);
    if (deflate(&zlib_, last ? Z_FINISH : Z_SYNC_FLUSH) == Z_STREAM_ERROR) {
      throw std::logic_error("deflate: the stream was not reset");
    }
    out.resize(out.size() - zlib_.avail_out);
  } while (zlib_.avail_out == 0);  // zlib has all it was given only when it leaves room
}

bool deflate_stream::reset() noexcept { return deflateReset(&zlib_) == Z_OK; }

}  // namespace catalog
