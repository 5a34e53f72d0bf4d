// What is answered to whom, over real sockets.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client.hpp"
#include "fake_source.hpp"

namespace {

using ebb::test::client;
using ebb::test::fake_inspector;
using ebb::test::get;
using ebb::test::post;
using ebb::test::response;

response ask(int port, const std::string& request) {
  client c(port);
  c.send(request);
  c.send_nothing_more();
  return c.read(request.starts_with("HEAD"));
}

TEST(InspectorHttp, page_numbers_and_metrics_have_their_type_and_are_not_stored) {
  fake_inspector i;
  client c(i.port());
  const response page = c.ask(get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("</html>"), std::string::npos);
  const response numbers = c.ask(get("/pools.json"));
  EXPECT_EQ(numbers.header("Content-Type"), "application/json");
  EXPECT_NE(numbers.body.find("\"name\":\"pool 3\""), std::string::npos);
  const response metrics = c.ask(get("/metrics"));
  EXPECT_EQ(metrics.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(metrics.body.find("# TYPE ebb_cycles_total counter\n"), std::string::npos);
  const response asked =
      c.ask(get("/metrics", "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n"));
  EXPECT_EQ(asked.header("Content-Type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_NE(asked.body.find("# TYPE ebb_cycles counter\n"), std::string::npos);
  EXPECT_TRUE(asked.body.ends_with("# EOF\n"));
  for (const response& r : {page, numbers, metrics, asked}) {
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.header("Cache-Control"), "no-store");
    EXPECT_EQ(r.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(r.header("Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_EQ(r.header("Access-Control-Allow-Origin"), "");
  }
}

TEST(InspectorHttp, page_allows_only_its_own_script_and_nothing_from_elsewhere) {
  fake_inspector i;
  client c(i.port());
  const response one = c.ask(get("/"));
  const response two = c.ask(get("/"));
  const std::string policy = one.header("Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; connect-src 'self'; "));
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  const std::size_t at = policy.find("'nonce-");
  const std::string nonce = policy.substr(at + 7, 32);
  EXPECT_NE(one.body.find("<script nonce=\"" + nonce + "\">"), std::string::npos);
  EXPECT_NE(one.body.find("<style nonce=\"" + nonce + "\">"), std::string::npos);
  EXPECT_NE(policy, two.header("Content-Security-Policy")) << "a nonce is used once";
  for (const char* const left :
       {"@NONCE@", "@TOKEN@", "@CSS@", "@JS@", "src=\"http", "href=\"http", "//cdn"}) {
    EXPECT_EQ(one.body.find(left), std::string::npos) << left;
  }
}

TEST(InspectorHttp, each_malformed_request_gets_its_answer_and_the_next_client_does_too) {
  const std::string long_text(9000, 'a');
  const std::string h = "Host: localhost\r\n";
  std::string many_headers;
  for (int n = 0; n < 500; ++n) many_headers += "X-" + std::to_string(n) + ": some value that is long\r\n";
  struct {
    const char* what;
    std::string request;
    int status;
  } const rows[] = {
      {"fine", get("/"), 200},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n" + h + "\r\n", 200},
      {"HEAD", "HEAD /pools.json HTTP/1.1\r\n" + h + "\r\n", 200},
      {"a query", get("/pools.json?since=18446744073709551615"), 200},
      {"a query that is no number", get("/pools.json?since=-1&x=<script>"), 200},
      {"a query larger than any number", get("/pools.json?since=99999999999999999999999"), 200},
      {"nothing", "", 0},
      {"an empty line", "\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\n" + h + h + "\r\n", 400},
      {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 403},
      {"no HTTP", "hello, world\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(300, '\0'),
       400},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"HTTP/1.9", "GET / HTTP/1.9\r\n" + h + "\r\n", 400},
      {"HTTP/-1", "GET / HTTP/-1.1\r\n" + h + "\r\n", 400},
      {"no target", "GET  HTTP/1.1\r\n" + h + "\r\n", 400},
      {"a space before", " GET / HTTP/1.1\r\n" + h + "\r\n", 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\n" + h + "\r\n", 400},
      {"a method that is no token", "G@T / HTTP/1.1\r\n" + h + "\r\n", 400},
      {"an unknown method", "BREW / HTTP/1.1\r\n" + h + "\r\n", 405},
      {"an absolute target", "GET http://localhost/ HTTP/1.1\r\n" + h + "\r\n", 400},
      {"an asterisk", "OPTIONS * HTTP/1.1\r\n" + h + "\r\n", 400},
      {"a proxy is wanted", "CONNECT localhost:22 HTTP/1.1\r\n" + h + "\r\n", 400},
      {"a header without colon", "GET / HTTP/1.1\r\n" + h + "Hello\r\n\r\n", 400},
      {"a header without name", "GET / HTTP/1.1\r\n" + h + ": x\r\n\r\n", 400},
      {"a space in a header's name", "GET / HTTP/1.1\r\n" + h + "X Y: x\r\n\r\n", 400},
      {"a zero in a header", "GET / HTTP/1.1\r\n" + h + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"a control character in the target", "GET /\x01 HTTP/1.1\r\n" + h + "\r\n", 400},
      {"a length that is no number", "GET / HTTP/1.1\r\n" + h + "Content-Length: x\r\n\r\n", 400},
      {"a negative length", "GET / HTTP/1.1\r\n" + h + "Content-Length: -1\r\n\r\n", 400},
      {"two lengths", "GET / HTTP/1.1\r\n" + h + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"length and chunks",
       "GET / HTTP/1.1\r\n" + h + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a chunk of no size", "GET / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n", 400},
      {"a body that is too long", "POST / HTTP/1.1\r\n" + h + "Content-Length: 1025\r\n\r\n", 413},
      {"a body of 16 EB", "POST / HTTP/1.1\r\n" + h + "Content-Length: 18446744073709551615\r\n\r\n", 413},
      {"a chunk that is too long",
       "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\nabc", 413},
      {"a body that just fits",
       "POST / HTTP/1.1\r\n" + h + "Content-Length: 1024\r\n\r\n" + std::string(1024, 'b'), 405},
      {"half a body", "POST / HTTP/1.1\r\n" + h + "Content-Length: 10\r\n\r\nabc", 0},
      {"may I send?", "POST / HTTP/1.1\r\n" + h + "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
       417},
      {"a long target", get("/" + long_text), 431},
      {"a long header", get("/", "X: " + long_text + "\r\n"), 431},
      {"many headers", get("/", many_headers), 431},
      {"an endless first line", std::string(200000, 'A'), 431},
      {"elsewhere", get("/index.html"), 404},
      {"up", get("/../../etc/passwd"), 404},
      {"up, hidden", get("/%2e%2e/%2e%2e/etc/passwd"), 404},
      {"two slashes", get("//"), 404},
      {"a slash too many", get("/pools.json/"), 404},
      {"capital letters", get("/METRICS"), 404},
      {"POST to what is read", post("/metrics"), 405},
      {"DELETE", "DELETE / HTTP/1.1\r\n" + h + "\r\n", 405},
      {"an action that is off", post("/drain"), 404},
      {"an action that is off, read", get("/collect"), 404},
  };
  fake_inspector i;
  for (const auto& row : rows) {
    EXPECT_EQ(ask(i.port(), row.request).status, row.status) << row.what;
    EXPECT_EQ(ask(i.port(), get("/metrics")).status, 200) << "after: " << row.what;
  }
  EXPECT_EQ(i.drained, 0);
  EXPECT_EQ(i.collected, 0);
}

TEST(InspectorHttp, each_host_is_accepted_or_refused) {
  struct {
    const char* host;
    bool on_loopback, anywhere;
  } const rows[] = {
      {"localhost", true, true},
      {"localhost:1", true, true},
      {"LocalHost:8089", true, true},
      {"127.0.0.1", true, true},
      {"127.0.0.1:80", true, true},
      {"127.9.9.9", true, true},
      {"[::1]", true, true},
      {"[::1]:80", true, true},
      {"metrics.example", true, true},
      {"metrics.example:443", true, true},
      {"192.168.1.2:8089", false, true},
      {"[2001:db8::1]", false, true},
      {"evil.example", false, false},
      {"localhost.evil.example", false, false},
      {"127.0.0.1.evil.example", false, false},
      {"evil.example:8089", false, false},
      {"user@localhost", false, false},
      {"localhost:x", false, false},
      {"localhost:80:80", false, false},
      {"[::1", false, false},
      {"[::1]x", false, false},
      {"::1", false, false},
      {"localhost/", false, false},
      {"x metrics.example", false, false},
      {"0x7f.1", false, false},
      {"2130706433", false, false},
      {"metrics.example.", false, false},
  };
  for (const bool loopback : {true, false}) {
    fake_inspector i{{.address = loopback ? "127.0.0.1" : "0.0.0.0", .hosts = {"metrics.example"}}};
    for (const auto& row : rows) {
      const bool right = loopback ? row.on_loopback : row.anywhere;
      const response r = ask(i.port(), get("/pools.json", "", row.host));
      EXPECT_EQ(r.status, right ? 200 : 403) << row.host << (loopback ? " on loopback" : " anywhere");
      if (!right) {
        EXPECT_EQ(r.body.find("pool 1"), std::string::npos);
      }
    }
  }
}

std::string token_in(const std::string& page) {
  const std::string before = "<meta name=\"ebb-token\" content=\"";
  const std::size_t at = page.find(before);
  return at == std::string::npos ? "" : page.substr(at + before.size(), 32);
}

TEST(InspectorHttp, actions_want_the_token_of_the_page_and_no_other_origin) {
  fake_inspector i{{.allow_actions = true}};
  fake_inspector other{{.allow_actions = true}};
  const std::string token = token_in(ask(i.port(), get("/")).body);
  const std::string others = token_in(ask(other.port(), get("/")).body);
  ASSERT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  ASSERT_NE(token, others);
  const std::string right = "X-Ebb-Token: " + token + "\r\n";
  struct {
    const char* what;
    std::string headers;
    int status;
  } const rows[] = {
      {"no token", "", 403},
      {"an empty token", "X-Ebb-Token: \r\n", 403},
      {"half the token", "X-Ebb-Token: " + token.substr(0, 16) + "\r\n", 403},
      {"the token and more", "X-Ebb-Token: " + token + "0\r\n", 403},
      {"another inspector's token", "X-Ebb-Token: " + others + "\r\n", 403},
      {"another origin", right + "Origin: http://evil.example\r\n", 403},
      {"no origin at all", right + "Origin: null\r\n", 403},
      {"another port", right + "Origin: http://localhost:1\r\n", 403},
      {"another scheme", right + "Origin: https://localhost:8089\r\n", 403},
      {"another site", right + "Sec-Fetch-Site: cross-site\r\n", 403},
      {"another port of this site", right + "Sec-Fetch-Site: same-site\r\n", 403},
      {"curl", right, 200},
      {"a browser", right + "Origin: http://localhost:8089\r\nSec-Fetch-Site: same-origin\r\n", 200},
  };
  int acted = 0;
  for (const auto& row : rows) {
    acted += row.status == 200 ? 1 : 0;
    EXPECT_EQ(ask(i.port(), post("/collect", row.headers)).status, row.status) << row.what;
    const response drained = ask(i.port(), post("/drain", row.headers));
    EXPECT_EQ(drained.status, row.status) << row.what;
    EXPECT_EQ(drained.body == "{\"destroyed\":77}", row.status == 200) << row.what;
    EXPECT_EQ(i.collected, acted) << row.what;
    EXPECT_EQ(i.drained, acted) << row.what;
  }
  EXPECT_EQ(ask(i.port(), get("/drain", right)).status, 405);
  EXPECT_EQ(ask(i.port(), get("/drain", right)).header("Allow"), "POST");
  EXPECT_EQ(i.drained, acted);
}

TEST(InspectorHttp, one_pool_is_drained_by_its_id_and_nothing_by_what_is_none) {
  fake_inspector i{{.allow_actions = true}};
  const std::string right = "X-Ebb-Token: " + token_in(ask(i.port(), get("/")).body) + "\r\n";
  EXPECT_EQ(ask(i.port(), post("/drain?id=3")).status, 403) << "no token";
  EXPECT_EQ(i.drained_pool, 0u);
  const response one = ask(i.port(), post("/drain?id=3", right));
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.body, "{\"destroyed\":5}");
  EXPECT_EQ(i.drained_pool, 3u);
  for (const char* const query :
       {"id=", "id=-1", "id=4x", "id=4&id=5", "4", "ID=4", "id=18446744073709551616"}) {
    EXPECT_EQ(ask(i.port(), post(std::string("/drain?") + query, right)).status, 400) << query;
  }
  EXPECT_EQ(i.drained_pool, 3u);
  EXPECT_EQ(i.drained, 0) << "and never all instead";
  EXPECT_EQ(ask(i.port(), get("/drain?id=3", right)).status, 405);
}

TEST(InspectorHttp, without_actions_the_page_has_no_token) {
  fake_inspector i;
  EXPECT_NE(ask(i.port(), get("/")).body.find("<meta name=\"ebb-token\" content=\"\">"), std::string::npos);
}

TEST(InspectorHttp, a_connection_serves_many_requests_also_when_they_come_at_once) {
  fake_inspector i;
  client c(i.port());
  std::string all;
  for (int n = 0; n < 20; ++n) all += get(n % 2 == 0 ? "/metrics" : "/nothing");
  c.send(all);
  for (int n = 0; n < 20; ++n) EXPECT_EQ(c.read().status, n % 2 == 0 ? 200 : 404) << n;
  const response last = c.ask(get("/", "Connection: close\r\n"));
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_TRUE(c.is_closed());
}

TEST(InspectorHttp, a_request_may_come_byte_by_byte) {
  fake_inspector i;
  client c(i.port());
  client other(i.port());
  const std::string request = get("/pools.json");
  for (const char byte : request) {
    ASSERT_TRUE(c.send({&byte, 1}));
    ASSERT_EQ(other.ask(get("/metrics")).status, 200) << "meanwhile it has read that byte";
  }
  EXPECT_EQ(c.read().status, 200);
}

TEST(InspectorHttp, head_says_how_long_and_sends_nothing) {
  fake_inspector i;
  client c(i.port());
  c.send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const response head = c.read(true);
  const response whole = c.ask(get("/metrics"));
  EXPECT_EQ(head.header("Content-Length"), whole.header("Content-Length"));
  EXPECT_EQ(whole.status, 200);
}

TEST(InspectorHttp, numbers_that_cannot_be_had_are_503_until_they_can) {
  fake_inspector i;
  i.broken = true;
  client c(i.port());
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(c.ask(get("/pools.json")).status, 503);
    EXPECT_EQ(c.ask(get("/metrics")).status, 503);
    EXPECT_EQ(c.ask(get("/")).status, 200);
  }
  i.broken = false;
  EXPECT_EQ(c.ask(get("/pools.json")).status, 200);
}

}  // namespace
