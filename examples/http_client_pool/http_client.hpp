// A client of one server: any number of coroutines ask, over a few connections.
#pragma once

#include <ebb/resource_pool.hpp>

#include <cstddef>
#include <cstdint>

#include "http_connection.hpp"

namespace client {

class http_client {
 public:
  http_client(asio::any_io_executor executor, asio::ip::tcp::endpoint server, std::size_t connections);

  /// Asks for a target, over a connection that is there, or a new one.
  /// Returns      the body of the answer.
  /// Throws       std::system_error of ebb::pool_errc when none is free in time;
  /// boost::system::system_error when the
  ///              server fails.
  asio::awaitable<std::string> get(std::string target);

  /// Closes what is idle, and refuses who comes.
  void close() { pool_.close(); }

  [[nodiscard]] ebb::resource_stats stats() const { return pool_.stats(); }
  /// How often a request was asked again, because the connection that was kept for it had ended.
  [[nodiscard]] std::uint64_t asked_again() const { return asked_again_; }

 private:
  std::uint64_t asked_again_ = 0;
  ebb::resource_pool<http_connection> pool_;
};

}  // namespace client
