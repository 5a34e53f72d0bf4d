#include "session.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

namespace catalog {
namespace {

// A connection on which nothing moves is closed after one to two times this long.
constexpr std::chrono::seconds patience{30};

// How long a connection that ends waits for its client to close it too.
constexpr std::chrono::seconds farewell{2};

struct refusal {
  http::status status;
  const char* why;
};

// What the client hears when its request cannot be read.
refusal explain(const boost::beast::error_code& error, bool target_seen) {
  if (error == http::error::body_limit) return {http::status::payload_too_large, "no route takes a body"};
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    if (!target_seen) return {http::status::uri_too_long, "the request target is longer than 1024 bytes"};
    return {http::status::request_header_fields_too_large, "the header is longer than 8 KiB"};
  }
  return {http::status::bad_request, "this is not an HTTP/1.1 request"};
}

bool is_syntax_error(const boost::beast::error_code& error) {
  static const auto& http_errors = http::make_error_code(http::error::end_of_stream).category();
  return error.category() == http_errors && error != http::error::end_of_stream &&
         error != http::error::partial_message;
}

}  // namespace

session::session(socket connected, const router& r, services& s)
    : socket_(std::move(connected)), timer_(socket_.get_executor()), router_(r), services_(s) {}

void session::start() {
  error_code ignored;  // a socket that failed already says so to read()
  // Or the last piece of an answer would wait for the client to acknowledge the one before.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->watch(patience);
    self->read();
  });
}

void session::read() {
  parser_.emplace(services_.pool.scratch());
  http::async_read(socket_, input_, *parser_,
                   [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void session::on_read(error_code error) {
  auto request = parser_->release();
  if (error && !is_syntax_error(error)) return;  // the client has gone, or was silent for too long

  progress_ = true;
  services_.requests.add(1);
  services_.under_way.add(1);
  // relaxed: an answer more or less on this connection makes no difference.
  const bool keep_alive =
      !error && parser_->keep_alive() && !services_.stopping.load(std::memory_order_relaxed);
  if (error) {
    const auto [status, why] = explain(error, request.has_value());
    if (!request) request.emplace(services_.pool.scratch());
    router::refuse(*request, status, why);
  } else {
    router_.route(*request);
  }
  answer_.emplace(services_.pool, std::move(*request), keep_alive);
  write_piece();
}

void session::write_piece() {
  asio::async_write(
      socket_, answer_->next_piece(),
      [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void session::on_written(error_code error) {
  progress_ = true;
  if (!error && !answer_->done()) return write_piece();
  const bool again = !error && answer_->keep_alive();
  answer_.reset();
  services_.under_way.add(-1);
  return again ? read() : finish();
}

void session::finish() {
  error_code ignored;  // the client may have gone first
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  progress_ = false;
  watch(farewell);
  drain();
}

// Closing a socket with unread input resets the connection, and the client loses the end of its answer.
void session::drain() {
  input_.clear();
  socket_.async_read_some(input_.prepare(input_.max_size()),
                          [self = shared_from_this()](error_code error, std::size_t) {
                            if (!error) self->drain();
                          });
}

// One timer per connection that looks now and then, not one per operation. Closing the socket ends the
// pending operation, and with it the session; the timer itself keeps nothing alive.
void session::watch(clock::duration period) {
  timer_.expires_after(period);
  timer_.async_wait([weak = weak_from_this(), period](error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    if (self->progress_) {
      self->progress_ = false;
      self->watch(period);
    } else {
      self->socket_.close(error);
    }
  });
}

}  // namespace catalog
