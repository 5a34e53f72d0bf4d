// One connection: reads a request, sends its answer piece by piece, and starts over.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "answer.hpp"
#include "request_parser.hpp"
#include "router.hpp"

namespace catalog {

namespace asio = boost::asio;

/// What all sessions share and change; outlives them.
struct services {
  pools& pool;
  sharded_counter requests{};         ///< read so far.
  sharded_counter under_way{};        ///< answers begun and not finished.
  std::atomic<bool> stopping{false};  ///< set once, by the signal: answers end their connections.
};

/// Kept alive by its pending operation: it dies when the connection does.
class session : public std::enable_shared_from_this<session> {
 public:
  // Concrete types: Asio's any_io_executor would allocate for every operation. The strand keeps the
  // timer from closing the socket under an operation on another thread.
  using executor = asio::strand<asio::io_context::executor_type>;
  using socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
  using clock = std::chrono::steady_clock;
  using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, executor>;

  session(socket connected, const router& r, services& s);

  void start();

 private:
  using error_code = boost::beast::error_code;

  void read();
  void on_read(error_code error);
  void write_piece();
  void on_written(error_code error);
  void finish();
  void drain();
  void watch(clock::duration period);

  socket socket_;
  timer timer_;
  const router& router_;
  services& services_;
  boost::beast::flat_static_buffer<8 * 1024> input_;
  std::optional<request_parser> parser_;
  std::optional<answer> answer_;  // engaged while one is on its way
  bool progress_ = false;         // bytes came or went since watch() looked
};

}  // namespace catalog
