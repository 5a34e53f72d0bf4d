// A server and the thread it runs on.
#pragma once

#include <sys/types.h>

#include <memory>
#include <thread>

#include "server.hpp"

namespace ebb::detail {

class serving_thread {
 public:
  serving_thread(const inspector_options& options, inspector_source source, server_limits limits);
  ~serving_thread();
  serving_thread(const serving_thread&) = delete;
  serving_thread& operator=(const serving_thread&) = delete;

  [[nodiscard]] boost::asio::ip::tcp::endpoint where() const { return server_->where(); }

 private:
  std::unique_ptr<server> server_;
  std::thread thread_;
  const ::pid_t started_in_;
};

}  // namespace ebb::detail
