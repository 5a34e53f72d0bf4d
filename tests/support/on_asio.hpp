// Coroutines that acquire, and io_contexts that run on threads.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <ebb/asio.hpp>
#include <support/resources.hpp>

namespace ebb::test {

// How an async_acquire() ended.
struct outcome {
  lease<link> got;
  std::exception_ptr thrown;
  std::atomic<int> ends{0};

  [[nodiscard]] std::error_code why() const {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const std::system_error& e) {
      return e.code();
    } catch (const std::exception&) {}
    return {};
  }
  // A completion handler.
  auto sink() {
    return [this](std::exception_ptr e, lease<link> l) {
      thrown = std::move(e);
      got = std::move(l);
      ++ends;
    };
  }
};

// Runs a context on threads of its own until it is destroyed.
class running {
 public:
  running(boost::asio::io_context& io, int threads) : work_(io.get_executor()) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([&io] { io.run(); });
  }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  // When there is nothing left to do.
  ~running() {
    work_.reset();
    for (std::thread& t : threads_) t.join();
  }

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace ebb::test
