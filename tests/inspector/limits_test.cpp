// Clients that are slow, many, or gone; and how an inspector begins and ends. What is waited for are
// events, never a time: a client that ought to be closed waits until it is.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <ebb/inspector.hpp>
#include <ebb/object_pool.hpp>
#include <support/eventually.hpp>

#include "client.hpp"
#include "fake_source.hpp"

namespace {

using ebb::test::client;
using ebb::test::fake_inspector;
using ebb::test::get;
using ebb::test::response;
using std::chrono::hours;
using std::chrono::milliseconds;

// So long that no test sees one of them end.
constexpr ebb::detail::server_limits patient{
    .request = hours(1), .response = hours(1), .farewell = hours(1)};

TEST(InspectorLimits, fifty_slow_clients_and_a_normal_one_are_all_answered) {
  fake_inspector i{{}, patient};
  std::vector<client> slow;
  for (int n = 0; n < 50; ++n) {
    slow.emplace_back(i.port());
    ASSERT_TRUE(slow.back().send("GET /metrics HTTP/1.1\r\nHost: loc"));
  }
  client normal(i.port());
  for (int n = 0; n < 10; ++n) EXPECT_EQ(normal.ask(get("/pools.json")).status, 200);
  for (client& c : slow) EXPECT_EQ(c.ask("alhost\r\n\r\n").status, 200) << "nor has it been closed";
}

TEST(InspectorLimits, when_there_are_too_many_those_are_closed_who_wait_longest) {
  fake_inspector i{{}, patient};
  std::vector<client> slow;
  for (int n = 0; n < 200; ++n) {
    slow.emplace_back(i.port());
    ASSERT_TRUE(slow.back().connected());
  }
  client normal(i.port());
  EXPECT_EQ(normal.ask(get("/pools.json")).status, 200);
  const std::size_t closed = 200 + 1 - patient.connections;
  for (std::size_t n = 0; n < closed; ++n) EXPECT_TRUE(slow[n].is_closed()) << n;
  for (std::size_t n = closed; n < slow.size(); ++n) EXPECT_EQ(slow[n].ask(get("/")).status, 200) << n;
}

TEST(InspectorLimits, who_takes_nothing_of_long_answers_is_closed_when_they_are_too_much) {
  ebb::detail::server_limits limits = patient;
  fake_inspector size({}, patient, 3000);
  const std::size_t length = client(size.port()).ask(get("/pools.json")).body.size();
  ASSERT_GT(length, 1'000'000u);
  limits.unsent_bytes = 5 * length;  // and so not 6 answers
  fake_inspector i{{}, limits, 3000};
  std::vector<client> lazy;
  for (int n = 0; n < 12; ++n) {
    lazy.emplace_back(i.port(), 4096);
    ASSERT_TRUE(lazy.back().send(get("/pools.json")));
  }
  client normal(i.port());
  EXPECT_EQ(normal.ask(get("/pools.json")).body.size(), length);
  int answered = 0;
  for (client& c : lazy) answered += c.read().status == 200 ? 1 : 0;
  EXPECT_LE(answered, 5);
  EXPECT_GE(answered, 1);
}

TEST(InspectorLimits, who_begins_a_request_and_does_not_end_it_is_told_so) {
  ebb::detail::server_limits limits = patient;
  limits.request = milliseconds(30);
  fake_inspector i{{}, limits};
  client c(i.port());
  c.send("GET / HTTP/1.1\r\nHos");
  const response r = c.read();
  EXPECT_EQ(r.status, 408);
  EXPECT_EQ(r.header("Connection"), "close");
  c.send_nothing_more();
  EXPECT_TRUE(c.is_closed());
}

TEST(InspectorLimits, who_sends_a_header_and_no_body_is_told_so) {
  ebb::detail::server_limits limits = patient;
  limits.request = milliseconds(30);
  fake_inspector i{{}, limits};
  client c(i.port());
  c.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(c.read().status, 408);
}

TEST(InspectorLimits, who_has_nothing_to_ask_is_closed_without_a_word) {
  ebb::detail::server_limits limits = patient;
  limits.request = milliseconds(30);
  fake_inspector i{{}, limits};
  client c(i.port());
  EXPECT_TRUE(c.is_closed());
  client after_one(i.port());
  EXPECT_EQ(after_one.ask(get("/metrics")).status, 200);
  EXPECT_TRUE(after_one.is_closed());
}

TEST(InspectorLimits, who_takes_nothing_of_its_answer_is_closed) {
  ebb::detail::server_limits limits = patient;
  limits.response = milliseconds(30);
  fake_inspector i{{}, limits, 20000};
  client c(i.port(), 4096);
  c.send(get("/pools.json"));
  EXPECT_TRUE(c.is_reset()) << "though it has not read anything";
  EXPECT_EQ(client(i.port()).ask(get("/")).status, 200);
}

TEST(InspectorLimits, who_does_not_close_after_the_last_answer_is_closed) {
  ebb::detail::server_limits limits = patient;
  limits.farewell = milliseconds(30);
  fake_inspector i{{}, limits};
  const auto descriptors = [] {
    int n = 0;
    for (int fd = 0; fd < 256; ++fd) n += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return n;
  };
  const int before = descriptors();
  client c(i.port());
  EXPECT_EQ(c.ask(get("/metrics", "Connection: close\r\n")).status, 200);
  EXPECT_TRUE(c.is_closed());
  EXPECT_TRUE(ebb::test::eventually([&] { return descriptors() == before + 1; })) << "only the client's";
}

TEST(InspectorLimits, it_ends_while_clients_are_in_the_middle_of_everything) {
  fake_inspector i{{}, patient, 3000};
  std::vector<client> clients;
  for (int n = 0; n < 10; ++n) {
    clients.emplace_back(i.port(), 4096);  // says nothing
    clients.emplace_back(i.port(), 4096);
    clients.back().send("GET / HTT");
    clients.emplace_back(i.port(), 4096);
    clients.back().send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
    clients.emplace_back(i.port(), 4096);
    clients.back().send(get("/pools.json"));  // and takes nothing
  }
  client normal(i.port());
  EXPECT_EQ(normal.ask(get("/")).status, 200);
  i.serving.reset();
  for (client& c : clients) (void)c.is_closed();  // comes back
  EXPECT_TRUE(normal.is_closed());
}

TEST(Inspector, shows_the_pools_of_this_process) {
  ebb::object_pool<int> pool{{.name = "of the inspector's test"}};
  pool.put(std::make_unique<int>(1));
  const ebb::inspector i;
  EXPECT_GT(i.port(), 0);
  EXPECT_EQ(i.url(), "http://127.0.0.1:" + std::to_string(i.port()) + "/");
  const response r = client(i.port()).ask(get("/pools.json"));
  EXPECT_NE(r.body.find("\"name\":\"of the inspector's test\""), std::string::npos);
  EXPECT_NE(r.body.find("\"program\":\"inspector_tests\""), std::string::npos);
}

TEST(Inspector, two_in_one_process_do_not_know_each_other) {
  auto one = std::make_unique<ebb::inspector>();
  const ebb::inspector two;
  EXPECT_NE(one->port(), two.port());
  client a(one->port()), b(two.port());
  EXPECT_EQ(a.ask(get("/")).status, 200);
  EXPECT_EQ(b.ask(get("/")).status, 200);
  one.reset();
  EXPECT_TRUE(a.is_closed());
  EXPECT_EQ(b.ask(get("/")).status, 200);
}

TEST(Inspector, a_port_in_use_is_an_error_that_names_it_and_one_left_can_be_taken) {
  auto one = std::make_unique<ebb::inspector>();
  const int port = one->port();
  try {
    const ebb::inspector two{{.port = port}};
    FAIL() << "both listen on " << port;
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), std::errc::address_in_use);
    EXPECT_NE(std::string(e.what()).find("127.0.0.1 port " + std::to_string(port)), std::string::npos);
  }
  client c(port);
  EXPECT_EQ(c.ask(get("/")).status, 200);
  one.reset();
  const ebb::inspector again{{.port = port}};
  EXPECT_EQ(client(port).ask(get("/")).status, 200);
}

TEST(Inspector, an_address_that_is_not_ours_is_an_error_that_names_it) {
  try {
    const ebb::inspector i{{.address = "192.0.2.1"}};
    FAIL() << "192.0.2.1 is for documentation";
  } catch (const std::system_error& e) {
    EXPECT_NE(std::string(e.what()).find("192.0.2.1"), std::string::npos);
  }
}

TEST(Inspector, options_that_are_not_valid_are_named_with_what_is) {
  struct {
    ebb::inspector_options options;
    const char* message;
  } const rows[] = {
      {{.port = -1}, "options.port is -1; valid are 0 .. 65535"},
      {{.port = 65536}, "options.port is 65536; valid are 0 .. 65535"},
      {{.address = "localhost"}, "options.address is \"localhost\"; valid is an IPv4 or IPv6 address"},
      {{.address = ""}, "options.address is \"\""},
      {{.hosts = {"a", "b:80"}}, "options.hosts has \"b:80\"; valid are names, without a port"},
      {{.hosts = {"*"}}, "options.hosts has \"*\""},
      {{.hosts = {""}}, "options.hosts has \"\""},
  };
  for (const auto& row : rows) {
    try {
      const ebb::inspector i{row.options};
      FAIL() << row.message;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(row.message), std::string::npos) << e.what();
    }
  }
}

TEST(Inspector, the_child_of_a_fork_may_destroy_it_and_the_parent_goes_on) {
  auto i = std::make_unique<ebb::inspector>();
  const ::pid_t child = ::fork();
  if (child == 0) {
    i.reset();
    ::_exit(0);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(client(i->port()).ask(get("/")).status, 200);
}

}  // namespace
