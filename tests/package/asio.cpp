// What a user of Boost.Asio writes with the installed library.
#include <ebb/asio.hpp>
#include <ebb/resource_pool.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>

int main() {
  boost::asio::io_context io;
  ebb::resource_pool<int> pool{{.capacity = 1}};
  bool got = false;
  co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        const ebb::lease<int> l = co_await pool.async_acquire(boost::asio::use_awaitable);
        got = static_cast<bool>(l);
      },
      boost::asio::detached);
  io.run();
  std::cout << (got ? "a lease" : "nothing") << '\n';
  return got ? 0 : 1;
}
