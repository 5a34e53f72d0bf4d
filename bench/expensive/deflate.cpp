// zlib's state to compress one response: 256 KiB, of which it must clear a part for each user.
#define ZLIB_CONST
#include <zlib.h>

#include <new>
#include <string>

#include "registry.hpp"

namespace bench {

namespace {

class deflate_stream {
 public:
  static constexpr const char* name = "work_deflate";
  static std::string library() { return std::string("zlib ") + zlibVersion(); }

  deflate_stream() {
    if (deflateInit2(&stream_, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~deflate_stream() { deflateEnd(&stream_); }
  deflate_stream(const deflate_stream&) = delete;  // the state points at the stream
  deflate_stream& operator=(const deflate_stream&) = delete;

  void reset() { deflateReset(&stream_); }

  std::string_view work(std::size_t input, std::span<char> page) {
    const std::string& body = requests[input].body;
    stream_.next_in = reinterpret_cast<const Bytef*>(body.data());
    stream_.avail_in = static_cast<uInt>(body.size());
    stream_.next_out = reinterpret_cast<Bytef*>(page.data());
    stream_.avail_out = static_cast<uInt>(page.size());
    deflate(&stream_, Z_FINISH);
    return {page.data(), page.size() - stream_.avail_out};
  }

  static bool is_right(std::string_view result, std::size_t input) {
    output_page text;
    uLongf bytes = text.size();
    const int status = uncompress(reinterpret_cast<Bytef*>(text.data()), &bytes,
                                  reinterpret_cast<const Bytef*>(result.data()), result.size());
    return status == Z_OK && std::string_view(text.data(), bytes) == requests[input].body;
  }

 private:
  static constexpr int window_bits = 15;
  z_stream stream_{};
};

const expensive_object<deflate_stream> entry;

}  // namespace

}  // namespace bench
