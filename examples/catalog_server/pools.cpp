#include "pools.hpp"

#include <memory>

namespace catalog {
namespace {

// One answer of unusual size must not leave its memory in the pool for the small ones that follow. (For the
// buffers of ebbpool calibration and use decide.)
constexpr std::size_t max_kept_bytes = 256 * 1024;

ebb::object_pool_options<deflate_stream> streams(coding c, std::string name) {
  return {.make = [c] { return std::make_unique<deflate_stream>(c); },
          .recycle = [](deflate_stream& s) { return s.reset(); },
          .bytes = [](const deflate_stream&) { return deflate_stream::bytes; },
          .name = std::move(name),
          .max_loaded = 4};  // 268 KB each: better stolen from another CPU than kept out of its reach
}

ebb::object_pool_options<std::string> strings(std::size_t bytes, std::string name) {
  return {.make =
              [bytes] {
                auto s = std::make_unique<std::string>();
                s->reserve(bytes);
                return s;
              },
          .recycle =
              [](std::string& s) {
                s.clear();
                return s.capacity() <= max_kept_bytes;
              },
          .name = std::move(name)};
}

any_buffer empty(ebb::buffer_pool& pool, std::size_t bytes) {
  ebb::pooled_buffer b = pool.get(bytes);
  b.clear();
  return any_buffer(std::move(b));
}

}  // namespace

pools::pools(pool_mode m)
    : mode_(m),
      gzip_streams_(m, streams(coding::gzip, "gzip_streams")),
      zlib_streams_(m, streams(coding::deflate, "zlib_streams")),
      texts_({.min_bytes = 1024, .max_bytes = 2 * piece_bytes, .name = "texts"}),
      packed_({.name = "packed"}),
      writers_({.min_bytes = small_writer_bytes, .max_bytes = large_writer_bytes, .name = "writers"}),
      blocks_({.name = "scratch"}),
      // A piece ends with the record that completes it.
      text_strings_(m, strings(piece_bytes + piece_bytes / 4, "texts")),
      packed_strings_(m, strings(piece_bytes / 4, "packed")),
      writer_strings_(m, strings(large_writer_bytes, "writers")) {
  switch (m) {
    case pool_mode::ebb: scratch_ = &blocks_; break;
    case pool_mode::mutex: scratch_ = &mutex_blocks_; break;
    case pool_mode::none: scratch_ = std::pmr::new_delete_resource(); break;
  }
}

any_pool<deflate_stream>::handle pools::stream(coding c) {
  return c == coding::gzip ? gzip_streams_.get() : zlib_streams_.get();
}

any_buffer pools::text(std::size_t bytes) {
  return mode_ == pool_mode::ebb ? empty(texts_, bytes) : any_buffer(text_strings_.get());
}

any_buffer pools::packed() {
  return mode_ == pool_mode::ebb ? any_buffer(packed_.get()) : any_buffer(packed_strings_.get());
}

any_buffer pools::writer(std::size_t bytes) {
  return mode_ == pool_mode::ebb ? empty(writers_, bytes) : any_buffer(writer_strings_.get());
}

std::vector<std::pair<std::string, ebb::pool_stats>> pools::stats() const {
  const bool is_ebb = mode_ == pool_mode::ebb;
  return {{gzip_streams_.name(), gzip_streams_.stats()},
          {zlib_streams_.name(), zlib_streams_.stats()},
          {texts_.name(), is_ebb ? texts_.stats() : text_strings_.stats()},
          {packed_.name(), is_ebb ? packed_.stats() : packed_strings_.stats()},
          {writers_.name(), is_ebb ? writers_.stats() : writer_strings_.stats()},
          {blocks_.name(), blocks_.stats()}};
}

std::uint64_t pools::idle() const {
  std::uint64_t sum = 0;
  for (const auto& [name, numbers] : stats()) {
    if (name != blocks_.name()) sum += numbers.idle;
  }
  return sum;
}

}  // namespace catalog
