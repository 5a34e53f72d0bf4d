#include "http_connection.hpp"

#include <sys/socket.h>

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <cerrno>
#include <chrono>

namespace client {
namespace {

namespace http = boost::beast::http;

constexpr std::chrono::seconds connect_limit{2};
constexpr std::chrono::seconds answer_limit{5};

}  // namespace

asio::awaitable<std::unique_ptr<http_connection>> http_connection::open(asio::ip::tcp::endpoint server) {
  boost::beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(connect_limit);
  co_await stream.async_connect(server, asio::use_awaitable);
  stream.expires_never();
  stream.socket().set_option(asio::ip::tcp::no_delay(true));
  std::unique_ptr<http_connection> opened(new http_connection(std::move(stream)));
  opened->host_ = server.address().to_string();
  co_return opened;
}

asio::awaitable<std::string> http_connection::get(const std::string& target) {
  http::request<http::empty_body> asked(http::verb::get, target, 11);
  asked.set(http::field::host, host_);
  http::response<http::string_body> answer;
  stream_.expires_after(answer_limit);
  co_await http::async_write(stream_, asked, asio::use_awaitable);
  co_await http::async_read(stream_, input_, answer, asio::use_awaitable);
  stream_.expires_never();
  keep_alive_ = answer.keep_alive();
  ++answers_;
  co_return std::move(answer).body();
}

bool http_connection::is_quiet() {
  char byte = 0;
  const auto came = recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return came < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && input_.size() == 0;
}

}  // namespace client
