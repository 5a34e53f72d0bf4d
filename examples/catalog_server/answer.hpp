// One answer on its way out: rendered, compressed and framed piece by piece.
#pragma once

#include <boost/asio/buffer.hpp>

#include <array>
#include <string>

#include "pools.hpp"

namespace catalog {

/// Holds what it took from the pools until it dies; the stream goes back with the last piece.
class answer {
 public:
  answer(pools& p, any_pool<request>::handle r, bool keep_alive);

  using buffers = std::array<boost::asio::const_buffer, 3>;

  /// Renders the next piece. Not to be called when done().
  /// Returns      what to send, valid until the next call.
  [[nodiscard]] buffers next_piece();

  [[nodiscard]] bool done() const noexcept { return done_; }

  /// Whether the connection can be used for another request; known after the first piece.
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }

 private:
  enum class framing { length, chunks, until_close };

  void render();
  void begin();
  void write_head(std::size_t body_bytes);
  [[nodiscard]] buffers frame(const std::string& body);

  pools& pools_;
  any_pool<request>::handle request_;
  any_pool<std::string>::handle text_ = pools_.buffers.get();
  any_pool<std::string>::handle packed_;     // empty when the answer is not compressed
  any_pool<deflate_stream>::handle stream_;  // likewise
  bool keep_alive_;
  framing framing_ = framing::length;
  coding coding_ = coding::identity;
  std::size_t rendered_ = 0;  // records of request_->matches
  bool first_ = true;
  bool done_ = false;
};

}  // namespace catalog
