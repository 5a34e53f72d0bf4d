// Reads a request into pooled memory; Beast's own parser would allocate for every header field.
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <memory_resource>
#include <optional>
#include <utility>

#include "request.hpp"

namespace catalog {

/// Makes a request when the first line has arrived: a connection that waits holds nothing.
class request_parser : public http::basic_parser<true> {
 public:
  explicit request_parser(std::pmr::memory_resource* scratch);

  /// Returns      the request; none if its first line never came.
  [[nodiscard]] std::optional<request> release() noexcept { return std::exchange(request_, std::nullopt); }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_request_impl(http::verb method, string_view, string_view target, int version,
                       error_code&) override;
  void on_field_impl(http::field name, string_view, string_view value, error_code&) override;

  // Bodies are read, to find the next request behind them, and not kept: no route takes one.
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    return body.size();
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  std::pmr::memory_resource* scratch_;
  std::optional<request> request_;
};

/// Returns      the best coding of a header field Accept-Encoding that the server has.
[[nodiscard]] coding best_coding(boost::beast::string_view accept_encoding);

}  // namespace catalog
