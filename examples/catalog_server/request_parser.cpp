#include "request_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace catalog {
namespace {

constexpr std::uint32_t max_header_bytes = 8 * 1024;
constexpr std::uint64_t max_body_bytes = 16 * 1024;

// A client rules a coding out with a weight of zero: "gzip;q=0", also written 0.0, 0.00 and 0.000.
bool ruled_out(const http::param_list& parameters) {
  for (const auto& [name, value] : parameters) {
    if (boost::beast::iequals(name, "q")) return value.find_first_not_of("0.") == value.npos;
  }
  return false;
}

}  // namespace

request_parser::request_parser(std::pmr::memory_resource* scratch) : scratch_(scratch) {
  header_limit(max_header_bytes);
  body_limit(max_body_bytes);
  eager(true);
}

void request_parser::on_request_impl(http::verb method, string_view, string_view target, int version,
                                     error_code&) {
  request_.emplace(scratch_);
  request_->method = method;
  request_->target.assign(target.data(), std::min(target.size(), max_target + 1));
  request_->may_chunk = version >= 11;
}

void request_parser::on_field_impl(http::field name, string_view, string_view value, error_code&) {
  if (name == http::field::accept_encoding) request_->accepted = best_coding(value);
}

coding best_coding(boost::beast::string_view accept_encoding) {
  coding best = coding::identity;
  for (const auto& [name, parameters] : http::ext_list(accept_encoding)) {
    if (ruled_out(parameters)) continue;
    if (boost::beast::iequals(name, "gzip")) return coding::gzip;
    if (boost::beast::iequals(name, "deflate")) best = coding::deflate;
  }
  return best;
}

}  // namespace catalog
