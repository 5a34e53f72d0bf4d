// Uses that have made a compiler warn of what is in our headers, where optimisation shows it what comes
// together. Compiled with many warnings, as errors, and never run.
#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/keyed_resource_pool.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pool_resource.hpp>
#include <ebb/pooled_stream.hpp>
#include <ebb/pooled_writer.hpp>
#include <ebb/resource_pool.hpp>

#include <charconv>
#include <cstddef>
#include <string>

// g++ 12: a source that is shorter than a word.
void short_appends(ebb::pooled_buffer& page, unsigned char number, std::size_t indent) {
  char text[4];
  page.append(text, static_cast<std::size_t>(std::to_chars(text, text + 4, number).ptr - text));
  page.append("    ", indent);
}

// clang: a size that has a sign, as that of some libraries' byte arrays.
struct signed_bytes {
  [[nodiscard]] const char* begin() const { return bytes.data(); }
  [[nodiscard]] const char* end() const { return bytes.data() + bytes.size(); }
  [[nodiscard]] const char* data() const { return bytes.data(); }
  [[nodiscard]] int size() const { return static_cast<int>(bytes.size()); }
  std::string bytes;
};
void signed_sizes(ebb::pooled_buffer& page, ebb::pooled_writer<ebb::fd_sink>& out, const signed_bytes& s) {
  std::error_code error;
  page.append(s);
  out.write(s);
  (void)out.write(s, error);
}
