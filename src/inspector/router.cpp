#include "router.hpp"

#include <sys/random.h>

#include <array>
#include <charconv>
#include <system_error>

#include <boost/asio/ip/address.hpp>

#include <ebb/openmetrics.hpp>

#include "page.hpp"

namespace ebb::detail {

namespace {

namespace http = boost::beast::http;

std::string random_hex() {
  std::array<unsigned char, 16> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error(errno, std::generic_category(), "ebb::inspector: getrandom");
  }
  std::string hex;
  for (const unsigned char b : bytes) {
    hex += "0123456789abcdef"[b >> 4U];
    hex += "0123456789abcdef"[b & 15U];
  }
  return hex;
}

std::string_view view(boost::beast::string_view s) { return {s.data(), s.size()}; }

// In a time that does not tell how much of it was right.
bool same_secret(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// "localhost:8089" -> "localhost", "[::1]:8089" -> "::1"; empty when it is neither name nor address.
// Any port is right: it may have been forwarded.
std::string_view name_in(std::string_view host) noexcept {
  const bool in_brackets = host.starts_with('[');
  const std::size_t end = in_brackets ? host.find(']') : host.find(':');
  const std::string_view name = host.substr(in_brackets ? 1 : 0, in_brackets ? end - 1 : end);
  if (end == std::string_view::npos) return in_brackets ? std::string_view() : name;
  std::string_view port = host.substr(end + (in_brackets ? 1 : 0));
  if (port.empty()) return name;
  if (port.front() != ':') return {};
  port.remove_prefix(1);
  return port.find_first_not_of("0123456789") == std::string_view::npos ? name : std::string_view();
}

// "since=12" -> 12, and whether it is that and nothing else.
bool number_in(std::string_view query, std::string_view key, std::uint64_t& number) noexcept {
  if (!query.starts_with(key)) return false;
  query.remove_prefix(key.size());
  const auto [end, failed] = std::from_chars(query.data(), query.data() + query.size(), number);
  return failed == std::errc() && end == query.data() + query.size();
}

std::uint64_t since_in(std::string_view query) noexcept {
  std::uint64_t since = 0;
  return number_in(query, "since=", since) ? since : 0;
}

shared_text share(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result;
  for (std::size_t at; (at = text.find(what)) != std::string_view::npos;
       text.remove_prefix(at + what.size())) {
    result.append(text.substr(0, at)).append(by);
  }
  return result.append(text);
}

}  // namespace

answer plain_answer(unsigned status, std::string_view text) {
  return {.status = status,
          .headers = "Content-Type: text/plain; charset=utf-8\r\n",
          .body = share(std::string(text) + "\n")};
}

router::router(snapshots& numbers, rules r)
    : numbers_(numbers), rules_(std::move(r)), token_(random_hex()) {}

bool router::accepts_host(std::string_view host) const {
  const std::string_view name = name_in(host);
  if (name.empty()) return false;
  if (same_name(name, "localhost")) return true;
  for (const std::string& h : rules_.hosts) {
    if (same_name(name, h)) return true;
  }
  // A page that comes from an address cannot have been led here by a name that changed its address.
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(std::string(name), failed);
  return !failed && (address.is_loopback() || !rules_.on_loopback);
}

answer router::respond(const http_request& request) {
  const auto hosts = request.equal_range(http::field::host);
  if (hosts.first == hosts.second || std::next(hosts.first) != hosts.second) {
    return plain_answer(400, "a request has one Host");
  }
  if (!accepts_host(view(hosts.first->value()))) {
    return plain_answer(403,
                        "this inspector does not answer to that Host; a name it should answer to goes into "
                        "ebb::inspector_options::hosts");
  }
  const std::string_view target = view(request.target());
  if (!target.starts_with('/')) return plain_answer(400, "the target of a request begins with /");
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : "";

  const bool reads = path == "/" || path == "/pools.json" || path == "/metrics";
  const bool acts = rules_.allow_actions && (path == "/collect" || path == "/drain");
  if (!reads && !acts) return plain_answer(404, "there are /, /pools.json and /metrics");
  const bool right = acts ? request.method() == http::verb::post
                          : request.method() == http::verb::get || request.method() == http::verb::head;
  if (!right) {
    answer a = plain_answer(405, acts ? "POST only" : "GET and HEAD only");
    a.headers += acts ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n";
    return a;
  }
  return acts ? act(request, path, query) : read(request, path, query);
}

answer router::read(const http_request& request, std::string_view path, std::string_view query) {
  if (path == "/") return page();
  if (path == "/pools.json") {
    return {.headers = "Content-Type: application/json\r\n", .body = numbers_.pools_json(since_in(query))};
  }
  const std::string_view accept = view(request[http::field::accept]);
  const bool openmetrics = accept.find("application/openmetrics-text") != std::string_view::npos;
  return {.headers = std::string("Content-Type: ") +
                     content_type(openmetrics ? metrics_format::openmetrics : metrics_format::prometheus) +
                     "\r\nVary: Accept\r\n",
          .body = numbers_.metrics(openmetrics)};
}

// Only the page knows the token, and only pages of this origin can read it, or send this header without
// asking first, which is never granted. Origin and Sec-Fetch-Site say the same once more.
answer router::act(const http_request& request, std::string_view path, std::string_view query) {
  const std::string_view origin = view(request[http::field::origin]);
  if (!origin.empty() && !same_name(origin, "http://" + std::string(view(request[http::field::host])))) {
    return plain_answer(403, "the request comes from another origin");
  }
  const std::string_view site = view(request["Sec-Fetch-Site"]);
  if (!site.empty() && site != "same-origin")
    return plain_answer(403, "the request comes from another site");
  if (!same_secret(view(request["X-Ebb-Token"]), token_)) {
    return plain_answer(403, "X-Ebb-Token is not the token in the page");
  }
  std::uint64_t id = 0;
  if (path == "/drain" && !query.empty() && !number_in(query, "id=", id)) {
    return plain_answer(400, "/drain takes nothing, or ?id= and the id of a pool");
  }
  std::string body = "{}";
  if (path == "/collect") {
    numbers_.collect();
  } else {
    const std::uint64_t destroyed = query.empty() ? numbers_.drain() : numbers_.drain_pool(id);
    body = "{\"destroyed\":" + std::to_string(destroyed) + "}";
  }
  return {.headers = "Content-Type: application/json\r\n", .body = share(std::move(body))};
}

answer router::page() const {
  const std::string nonce = random_hex();
  std::string html = replaced(inspector_page(), "@NONCE@", nonce);
  html = replaced(html, "@TOKEN@", rules_.allow_actions ? token_ : "");
  return {.headers =
              "Content-Type: text/html; charset=utf-8\r\n"
              "Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src data:; "
              "script-src 'nonce-" +
              nonce + "'; style-src 'nonce-" + nonce +
              "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
              "X-Frame-Options: DENY\r\n",
          .body = share(std::move(html))};
}

}  // namespace ebb::detail
