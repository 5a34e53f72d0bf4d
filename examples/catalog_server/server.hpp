// Accepts connections and runs the worker threads until a signal ends it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

#include "common/listen.hpp"
#include "options.hpp"
#include "session.hpp"

namespace catalog {

class server {
 public:
  /// Binds the port.
  /// Throws       example::usage_error when the address cannot be listened on.
  server(const options& o, const router& r, services& s);

  [[nodiscard]] std::string url() const { return example::url_of(acceptor_); }

  /// Serves until SIGINT or SIGTERM came and the answers under way are finished. SIGUSR1 reports memory
  /// pressure to the pools, SIGUSR2 that it is over: for those who know better than the kernel.
  void run();

 private:
  void accept();
  void begin_stop();
  void report_pressure();
  void stop_when_quiet(std::chrono::steady_clock::time_point at_the_latest);
  void trim_heap_now_and_then();

  const router& router_;
  services& services_;
  unsigned threads_;
  asio::io_context io_;
  session::executor control_{io_.get_executor()};  // keeps begin_stop() and accept() from meeting
  asio::ip::tcp::acceptor acceptor_{control_};
  asio::signal_set signals_{control_, SIGINT, SIGTERM};
  asio::signal_set pressure_signals_{control_, SIGUSR1, SIGUSR2};
  asio::steady_timer quiet_timer_{control_};
  asio::steady_timer trim_timer_{io_};
  // Live bytes at the last look, and the most since the last trim. By the trim timer only.
  std::int64_t heap_last_ = 0;
  std::int64_t heap_high_ = 0;
};

}  // namespace catalog
