#include "peer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace client {

namespace http = boost::beast::http;
using error_code = boost::system::error_code;

peer::peer(asio::any_io_executor executor, std::uint64_t answers_per_connection)
    : acceptor_(executor, {asio::ip::address_v4::loopback(), 0}),
      answers_per_connection_(answers_per_connection) {}

void peer::start() { asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached); }

asio::awaitable<void> peer::accept() {
  while (acceptor_.is_open()) {
    error_code error;
    auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error) continue;  // it was closed, or the client has gone already
    ++accepted_;
    most_open_ = std::max(most_open_, ++open_now_);
    asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> peer::serve(asio::ip::tcp::socket socket) {
  const bool closes_late = accepted_ % 2 == 0;
  boost::beast::flat_buffer input;
  error_code error;
  for (std::uint64_t answered = 0; !error; ++answered) {
    if (answered == answers_per_connection_ && !closes_late) break;
    http::request<http::empty_body> asked;
    co_await http::async_read(socket, input, asked, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;  // the client has gone
    if (answered == answers_per_connection_) break;
    http::response<http::string_body> answer(http::status::ok, asked.version());
    answer.keep_alive(asked.keep_alive());
    answer.body() = answer_to(std::string(asked.target()));
    answer.prepare_payload();
    co_await http::async_write(socket, answer, asio::redirect_error(asio::use_awaitable, error));
  }
  --open_now_;
}

}  // namespace client
