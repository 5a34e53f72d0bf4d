#include "server.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace orders {
namespace {

namespace asio = boost::asio;
using error_code = boost::beast::error_code;

constexpr std::chrono::seconds silence{30};  // a client that says nothing for so long is let go
constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::milliseconds quiet_check{10};
constexpr std::size_t longest_body = 4096;

}  // namespace

// One client: reads a request, answers it, and starts over. The answer is made where the request was read,
// on one of the worker threads, which waits for the database meanwhile; that is why there are many of them.
// Kept alive by its pending operation.
class server::session : public std::enable_shared_from_this<session> {
 public:
  session(asio::ip::tcp::socket socket, server& s) : stream_(std::move(socket)), server_(s) {}

  void start() {
    error_code ignored;  // a socket that failed already says so to read()
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->body_limit(longest_body);
    stream_.expires_after(silence);
    http::async_read(stream_, input_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) { self->answer(error); });
  }

  void answer(error_code error) {
    if (error) return finish();
    server_.under_way_.fetch_add(1, std::memory_order_relaxed);
    answer_ = server_.router_.answer(parser_->get());
    if (server_.stopping_.load(std::memory_order_relaxed)) answer_.keep_alive(false);
    stream_.expires_after(silence);
    http::async_write(stream_, answer_, [self = shared_from_this()](error_code failed, std::size_t) {
      self->server_.under_way_.fetch_sub(1, std::memory_order_relaxed);
      if (failed || !self->answer_.keep_alive()) return self->finish();
      self->read();
    });
  }

  void finish() {
    error_code ignored;  // the client may have gone first
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }

  boost::beast::tcp_stream stream_;
  server& server_;
  boost::beast::flat_buffer input_;
  std::optional<http::request_parser<http::string_body>> parser_;
  response answer_;
};

server::server(const options& o, router& r)
    : router_(r), threads_(o.threads), io_(static_cast<int>(o.threads)) {
  example::listen(acceptor_, o.address, o.port);
}

void server::run() {
  accept();
  signals_.async_wait([this](error_code error, int) {
    if (error) return;
    stopping_.store(true,
                    std::memory_order_relaxed);  // an answer more or less on a connection is no matter
    acceptor_.close();
    stop_when_quiet(std::chrono::steady_clock::now() + stop_patience);
  });
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < threads_; ++i) workers.emplace_back([this] { io_.run(); });
  io_.run();
}

void server::accept() {
  acceptor_.async_accept(asio::make_strand(io_), [this](error_code error, asio::ip::tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) std::make_shared<session>(std::move(socket), *this)->start();
    accept();
  });
}

// Clients that think hold nothing; only answers under way are worth waiting for.
void server::stop_when_quiet(std::chrono::steady_clock::time_point at_the_latest) {
  if (under_way_.load(std::memory_order_relaxed) == 0 || std::chrono::steady_clock::now() > at_the_latest) {
    return io_.stop();
  }
  quiet_timer_.expires_after(quiet_check);
  quiet_timer_.async_wait([this, at_the_latest](error_code) { stop_when_quiet(at_the_latest); });
}

}  // namespace orders
