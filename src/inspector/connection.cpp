#include "connection.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>

#include "server.hpp"

namespace ebb::detail {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
std::string http_date() {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm t{};
  ::gmtime_r(&now, &t);
  std::array<char, 64> text;
  const int n =
      std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT", days[t.tm_wday],
                    t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  return {text.data(), static_cast<std::size_t>(n)};
}

std::string head_of(const answer& a, bool keep_alive) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(a.status));
  std::string head =
      "HTTP/1.1 " + std::to_string(a.status) + " " + std::string(reason.data(), reason.size());
  head += "\r\nDate: " + http_date() + "\r\nContent-Length: " + std::to_string(a.body->size());
  head += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  head += "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n";
  head += keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  return head + a.headers + "\r\n";
}

// Header and body may be as long as they are allowed to be, and a pipelined request may follow.
std::size_t buffer_size(const server_limits& limits) {
  return limits.header_bytes + limits.body_bytes + 4096;
}

}  // namespace

connection::connection(server& owner, asio::ip::tcp::socket socket)
    : server_(owner),
      socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      buffer_(buffer_size(owner.limits())) {}

void connection::close() {
  error_code ignored;
  deadline_.cancel(ignored);
  // Or the kernel would keep for minutes what the client does not take.
  if (unsent_bytes_ > 0) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  server_.forget(shared_from_this());
}

void connection::set_deadline(std::chrono::milliseconds after) {
  server_.waits_anew(shared_from_this());
  deadline_.expires_after(after);
  deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
    // One that was set anew while this was on its way here has not come.
    if (cancelled || self->deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
    if (!self->reading_) return self->close();
    self->too_late_ = true;
    error_code ignored;
    self->socket_.cancel(ignored);
  });
}

void connection::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(server_.limits().header_bytes));
  parser_->body_limit(server_.limits().body_bytes);
  reading_ = true;
  too_late_ = false;
  set_deadline(server_.limits().request);
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](error_code failed, std::size_t /*bytes*/) { self->on_header(failed); });
}

void connection::on_header(error_code failed) {
  if (failed) return on_unreadable(failed);
  if (parser_->is_done()) return on_request(failed);
  // It waits to hear that it may send what nothing here wants.
  if (parser_->get().find(http::field::expect) != parser_->get().end()) {
    keep_alive_ = false;
    return write(plain_answer(417, "send the body at once, or none"), false);
  }
  http::async_read(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, std::size_t /*bytes*/) { self->on_request(error); });
}

void connection::on_request(error_code failed) {
  reading_ = false;  // if what follows throws, the deadline closes
  if (failed) return on_unreadable(failed);
  const http_request& request = parser_->get();
  keep_alive_ = request.keep_alive();
  write(server_.respond(request), request.method() == http::verb::head);
}

void connection::on_unreadable(error_code why) {
  reading_ = false;
  keep_alive_ = false;
  const bool has_begun = parser_->got_some() || buffer_.size() > 0;
  if (too_late_ && has_begun) return write(plain_answer(408, "the request took too long"), false);
  if (why == http::error::header_limit || why == http::error::buffer_overflow) {
    return write(plain_answer(431, "the header is too long"), false);
  }
  if (why == http::error::body_limit) return write(plain_answer(413, "the body is too long"), false);
  // Gone, or closed by close(): nobody is there to be told.
  if (why == http::error::end_of_stream || why == http::error::partial_message ||
      why.category() != make_error_code(http::error::bad_method).category()) {
    return close();
  }
  write(plain_answer(400, "that is not HTTP: " + why.message()), false);
}

void connection::write(answer a, bool head_only) {
  if (!socket_.is_open()) return;
  reading_ = false;
  head_ = head_of(a, keep_alive_);
  body_ = head_only ? nullptr : std::move(a.body);
  unsent_bytes_ = head_.size() + (body_ ? body_->size() : 0);
  set_deadline(server_.limits().response);
  server_.make_room(*this);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head_),
                                                body_ ? asio::buffer(*body_) : asio::const_buffer()};
  asio::async_write(socket_, parts, [self = shared_from_this()](error_code failed, std::size_t /*bytes*/) {
    self->on_written(failed);
  });
}

void connection::on_written(error_code failed) {
  unsent_bytes_ = 0;
  body_ = nullptr;
  if (failed) return close();
  if (keep_alive_) return read();
  say_farewell();
}

// Who closes while bytes of the client's are unread sends a reset, which can overtake the answer.
void connection::say_farewell() {
  error_code failed;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, failed);
  if (failed) return close();
  set_deadline(server_.limits().farewell);
  discard();
}

void connection::discard() {
  socket_.async_read_some(asio::buffer(nowhere_),
                          [self = shared_from_this()](error_code failed, std::size_t bytes) {
                            constexpr std::size_t enough = 1U << 20U;
                            self->discarded_ += bytes;
                            if (failed || self->discarded_ > enough) return self->close();
                            self->discard();
                          });
}

}  // namespace ebb::detail
