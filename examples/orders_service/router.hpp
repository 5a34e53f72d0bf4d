// From requests to answers.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "order_book.hpp"

namespace orders {

namespace http = boost::beast::http;
using request = http::request<http::string_body>;
using response = http::response<http::string_body>;

/// How requests ended.
enum class outcome : std::uint8_t {
  answered,     ///< as they should.
  rejected,     ///< the client's mistake, or nothing in stock.
  no_free_one,  ///< 503: no connection was free in time.
  failed,       ///< 503: the database, or a connection to it, failed.
};
inline constexpr std::size_t outcomes = static_cast<std::size_t>(outcome::failed) + 1;

class router {
 public:
  router(order_book& book, connections& c) : book_(book), connections_(c) {}

  /// Throws       nothing that has to do with connections.
  /// Threads      safe from any thread; waits for connections, and for what is asked over them.
  [[nodiscard]] response answer(const request& asked);

  [[nodiscard]] std::uint64_t count(outcome o) const {
    return counts_[static_cast<std::size_t>(o)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] const order_book& book() const { return book_; }
  [[nodiscard]] const connections& pools() const { return connections_; }

 private:
  struct reply {
    http::status status;
    std::string body;
    outcome counts_as = outcome::answered;
    std::string location = {};
  };

  [[nodiscard]] reply dispatch(const request& asked);
  [[nodiscard]] reply place(const request& asked);
  [[nodiscard]] static reply refusal(http::status status, const std::string& why,
                                     outcome counts_as = outcome::rejected);

  order_book& book_;
  const connections& connections_;
  std::array<std::atomic<std::uint64_t>, outcomes> counts_{};  // relaxed: they only count
};

}  // namespace orders
