// The other side: an HTTP server on the loopback that closes each connection after so many answers, without
// announcing it, as servers do that are restarted, or short of memory. Every other connection it closes
// when the next request has come already, which is what a client can least know before.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace client {

namespace asio = boost::asio;

class peer {
 public:
  /// Listens on a free port.
  peer(asio::any_io_executor executor, std::uint64_t answers_per_connection);

  [[nodiscard]] asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  /// The body of its answer to a target.
  [[nodiscard]] static std::string answer_to(const std::string& target) {
    return "you asked for " + target;
  }

  void start();
  /// Accepts no more.
  void stop() { acceptor_.close(); }

  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t open_now() const { return open_now_; }
  [[nodiscard]] std::uint64_t most_open() const { return most_open_; }

 private:
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(asio::ip::tcp::socket socket);

  asio::ip::tcp::acceptor acceptor_;
  const std::uint64_t answers_per_connection_;
  std::uint64_t accepted_ = 0;
  std::uint64_t open_now_ = 0;
  std::uint64_t most_open_ = 0;
};

}  // namespace client
