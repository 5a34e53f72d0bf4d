// One answer on its way out: rendered, compressed and framed piece by piece.
#pragma once

#include <boost/asio/buffer.hpp>

#include <array>

#include "pools.hpp"
#include "request.hpp"

namespace catalog {

/// Holds what it took from the pools until it dies; the stream goes back with the last piece.
class answer {
 public:
  answer(pools& p, request r, bool keep_alive);

  using buffers = std::array<boost::asio::const_buffer, 3>;

  /// Renders the next piece. Not to be called when done().
  /// Returns      what to send, valid until the next call.
  [[nodiscard]] buffers next_piece();

  [[nodiscard]] bool done() const noexcept { return done_; }

  /// Whether the connection can be used for another request; known after the first piece.
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }

 private:
  enum class framing { length, chunks, until_close };

  [[nodiscard]] std::size_t bytes_to_render() const;
  void render();
  void begin();
  void write_head(std::size_t body_bytes);
  [[nodiscard]] buffers frame(any_buffer& body);

  pools& pools_;
  request request_;
  any_buffer text_;                          // what is rendered
  any_buffer packed_;                        // the same, compressed; none when the answer is not
  any_pool<deflate_stream>::handle stream_;  // likewise
  any_buffer writer_;                        // head and framing, and a body that fits behind them
  bool keep_alive_;
  framing framing_ = framing::length;
  coding coding_ = coding::identity;
  std::size_t rendered_ = 0;  // records of request_->matches
  bool first_ = true;
  bool done_ = false;
};

}  // namespace catalog
