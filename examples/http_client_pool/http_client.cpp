#include "http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <utility>

#include <ebb/asio.hpp>

namespace client {
namespace {

constexpr std::chrono::seconds patience{5};

}  // namespace

http_client::http_client(asio::any_io_executor executor, asio::ip::tcp::endpoint server,
                         std::size_t connections)
    : pool_({
          // Who asked for it waits in the queue meanwhile, and takes one that comes back earlier.
          .make_async =
              [executor, server](ebb::opening<http_connection> opening) {
                asio::co_spawn(
                    executor, http_connection::open(server),
                    [opening = std::move(opening)](std::exception_ptr failed,
                                                   std::unique_ptr<http_connection> opened) mutable {
                      if (failed) return std::move(opening).fail(failed);
                      std::move(opening).succeed(std::move(opened));
                    });
              },
          .capacity = connections,
          .check = [](http_connection& c) { return c.is_quiet(); },  // costs a system call: each time
          .on_return = [](http_connection& c) { return c.is_kept_alive(); },
          .name = "http",
      }) {}

asio::awaitable<std::string> http_client::get(std::string target) {
  for (;;) {
    ebb::lease<http_connection> c = co_await pool_.async_acquire_for(patience, asio::use_awaitable);
    try {
      co_return co_await c->get(target);
    } catch (const boost::system::system_error&) {
      // Servers close connections when they like, also after the look that was taken at this one. What has
      // no effect may be asked again; a new connection has no such excuse.
      const bool may_be_the_end_of_an_old_one = c->was_used();
      c.discard();
      if (!may_be_the_end_of_an_old_one) throw;
      ++asked_again_;
    }
  }
}

}  // namespace client
