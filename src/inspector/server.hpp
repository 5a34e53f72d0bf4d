// Listens, and keeps the connections within their limits. Everything runs on the one thread in run().
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <ebb/inspector.hpp>

#include "router.hpp"
#include "snapshots.hpp"

namespace ebb::detail {

class connection;

struct server_limits {
  std::size_t connections = 64;
  std::size_t unsent_bytes = std::size_t{64} << 20U;  // answers on their way to slow readers, all together
  std::size_t header_bytes = 8192;
  std::size_t body_bytes = 1024;
  std::chrono::milliseconds request{10000};   // from one answer to the end of the next request
  std::chrono::milliseconds response{10000};  // until the client has taken all of it
  std::chrono::milliseconds farewell{1000};   // until the client closes, after it was told so
};

class server {
 public:
  // Listens from here on. Throws what inspector's constructor throws.
  server(const inspector_options& options, inspector_source source, server_limits limits);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Returns after stop().
  void run() noexcept;
  // From any thread.
  void stop() noexcept { context_.stop(); }

  [[nodiscard]] boost::asio::ip::tcp::endpoint where() const { return where_; }

  // --- for connections ---------------------------------------------------------------------------
  [[nodiscard]] const server_limits& limits() const noexcept { return limits_; }
  [[nodiscard]] answer respond(const http_request& request);
  // It waits for its client from now on: it is the last to be closed when there are too many.
  void waits_anew(const std::shared_ptr<connection>& c);
  // Room for an answer, at the cost of those who have been taking theirs for longest.
  void make_room(const connection& needs_it);
  void forget(const std::shared_ptr<connection>& c) { connections_.remove(c); }

 private:
  void accept();
  void retry_accept();
  void watch();

  const server_limits limits_;
  snapshots numbers_;
  router router_;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  boost::asio::ip::tcp::endpoint where_;
  boost::asio::steady_timer accept_again_{context_};
  boost::asio::steady_timer sample_{context_};
  bool sampling_ = false;
  std::list<std::shared_ptr<connection>> connections_;  // who waits longest is first
};

}  // namespace ebb::detail
