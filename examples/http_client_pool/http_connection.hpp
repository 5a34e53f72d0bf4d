// One connection to an HTTP server, kept alive from one request to the next.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace client {

namespace asio = boost::asio;

class http_connection {
 public:
  /// Connects.
  /// Throws       boost::system::system_error, also when that takes too long.
  static asio::awaitable<std::unique_ptr<http_connection>> open(asio::ip::tcp::endpoint server);

  /// Asks for a target.
  /// Returns      the body of the answer.
  /// Throws       boost::system::system_error, also when that takes too long; the connection is of no more
  /// use.
  asio::awaitable<std::string> get(const std::string& target);

  /// Whether the server lets it live on.
  [[nodiscard]] bool is_kept_alive() const { return keep_alive_; }
  /// Whether it has been of use already: then it may have been closed since.
  [[nodiscard]] bool was_used() const { return answers_ > 0; }
  /// Whether nothing has come since the last answer. What comes unasked is the end of the connection, or
  /// nothing that could be trusted. HTTP has no question for a round trip; who goes away without a word is
  /// found by the time limit of the next request.
  [[nodiscard]] bool is_quiet();

 private:
  explicit http_connection(boost::beast::tcp_stream stream) : stream_(std::move(stream)) {}

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer input_;
  std::string host_;
  std::uint64_t answers_ = 0;
  bool keep_alive_ = true;
};

}  // namespace client
