// What is answered to whom: the rules of HTTP and of security, without sockets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "snapshots.hpp"

namespace ebb::detail {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;

struct answer {
  unsigned status = 200;
  std::string headers;  // those of this answer; each ends with a line break
  shared_text body;
};

// An answer that is one line of text.
[[nodiscard]] answer plain_answer(unsigned status, std::string_view text);

// Used by the server's thread alone.
class router {
 public:
  struct rules {
    bool allow_actions = false;
    bool on_loopback = true;
    std::vector<std::string> hosts;  // further ones
  };

  router(snapshots& numbers, rules r);

  [[nodiscard]] answer respond(const http_request& request);
  // Whether a request that says it is for `host` ("localhost:8089") is answered.
  [[nodiscard]] bool accepts_host(std::string_view host) const;

 private:
  [[nodiscard]] answer read(const http_request& request, std::string_view path, std::string_view query);
  [[nodiscard]] answer act(const http_request& request, std::string_view path, std::string_view query);
  [[nodiscard]] answer page() const;

  snapshots& numbers_;
  const rules rules_;
  const std::string token_;  // of this inspector; in the page, so that only who can read it can act
};

}  // namespace ebb::detail
