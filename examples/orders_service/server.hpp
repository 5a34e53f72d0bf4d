// Accepts clients and runs the worker threads until a signal ends it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>

#include "common/listen.hpp"
#include "options.hpp"
#include "router.hpp"

namespace orders {

class server {
 public:
  /// Binds the port.
  /// Throws       example::usage_error when the address cannot be listened on.
  server(const options& o, router& r);

  [[nodiscard]] std::string url() const { return example::url_of(acceptor_); }

  /// Serves until SIGINT or SIGTERM came and the answers under way are finished.
  void run();

 private:
  class session;

  void accept();
  void stop_when_quiet(std::chrono::steady_clock::time_point at_the_latest);

  router& router_;
  const unsigned threads_;
  std::atomic<int> under_way_{0};      // answers begun and not finished
  std::atomic<bool> stopping_{false};  // set once, by the signal: answers end their connections
  boost::asio::io_context io_;
  boost::asio::strand<boost::asio::io_context::executor_type> control_{io_.get_executor()};
  boost::asio::ip::tcp::acceptor acceptor_{control_};
  boost::asio::signal_set signals_{control_, SIGINT, SIGTERM};
  boost::asio::steady_timer quiet_timer_{control_};
};

}  // namespace orders
