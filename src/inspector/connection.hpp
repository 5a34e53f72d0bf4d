// One client: reads a request, answers it, and so on, with a time for each.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "router.hpp"

namespace ebb::detail {

class server;

class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(server& owner, boost::asio::ip::tcp::socket socket);

  void start() { read(); }
  // What is pending ends; the connection is forgotten.
  void close();
  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return unsent_bytes_; }

 private:
  using error_code = boost::system::error_code;

  void read();
  void on_header(error_code failed);
  void on_request(error_code failed);
  void on_unreadable(error_code why);
  void write(answer a, bool head_only);
  void on_written(error_code failed);
  void say_farewell();
  void discard();
  // Calls `close()`, or ends the read so that it can be answered with 408.
  void set_deadline(std::chrono::milliseconds after);

  server& server_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  bool reading_ = false;
  bool too_late_ = false;
  bool keep_alive_ = false;
  std::string head_;
  shared_text body_;
  std::size_t unsent_bytes_ = 0;
  std::size_t discarded_ = 0;
  std::array<char, 4096> nowhere_;
};

}  // namespace ebb::detail
