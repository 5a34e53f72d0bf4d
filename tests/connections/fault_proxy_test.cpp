// That each fault is to a client what it is called.
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include <connections/fault_proxy.hpp>
#include <support/eventually.hpp>

namespace {

using ebb::test::connect_to_port;
using ebb::test::descriptor;
using ebb::test::eventually;
using ebb::test::fault;
using ebb::test::fault_proxy;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::string_view question = "0123456789";

// Says back what it is told, to one client at a time.
class echo_server {
 public:
  echo_server() : listener_(ebb::test::listen_on(0)), thread_([this] { run(); }) {}
  ~echo_server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }

 private:
  void run() const {
    for (;;) {
      const descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      char bytes[100];
      for (::ssize_t n = 0; (n = ::recv(client.get(), bytes, sizeof bytes, 0)) > 0;) {
        (void)::send(client.get(), bytes, static_cast<std::size_t>(n), MSG_NOSIGNAL);
      }
    }
  }
  descriptor listener_;
  std::thread thread_;
};

// What comes until an answer is complete, the stream ends or breaks, or nothing comes for long.
struct answer {
  std::string text;
  std::string end = "complete";
  steady_clock::duration took{};
};
answer read_answer(const descriptor& from, milliseconds patience = 20s) {
  answer a;
  const auto start = steady_clock::now();
  while (a.text.size() < question.size()) {
    ::pollfd p{from.get(), POLLIN, 0};
    if (::poll(&p, 1, static_cast<int>(patience.count())) == 0) {
      a.end = "silence";
      break;
    }
    char byte = 0;
    const ::ssize_t n = ::recv(from.get(), &byte, 1, 0);
    if (n < 1) {
      a.end = n == 0 ? "end" : errno == ECONNRESET ? "reset" : "error";
      break;
    }
    a.text += byte;
  }
  a.took = steady_clock::now() - start;
  return a;
}

struct FaultProxy : testing::Test {
  // The answer to a question with this fault before it, and to one without on the same connection.
  answer ask(fault kind, milliseconds patience = 20s) {
    proxy.inject(kind);
    client = connect_to_port(proxy.port());
    return ask_again(patience);
  }
  answer ask_again(milliseconds patience = 20s) const {
    (void)::send(client.get(), question.data(), question.size(), MSG_NOSIGNAL);
    return read_answer(client, patience);
  }
  void TearDown() override {
    EXPECT_EQ(proxy.injected(), 1);
    EXPECT_EQ(proxy.pending(), 0);
    EXPECT_EQ(proxy.most_open(), 1);
    client = {};
    EXPECT_TRUE(eventually([&] { return proxy.open() == 0; }));
    client = connect_to_port(proxy.port());
    EXPECT_EQ(ask_again().text, question) << "the next connection is well";
  }
  echo_server server;
  fault_proxy proxy{server.port()};
  descriptor client;
};

TEST_F(FaultProxy, refuse_resets_a_new_connection) {
  proxy.inject(fault::refuse);
  client = connect_to_port(proxy.port());
  EXPECT_EQ(read_answer(client).end, "reset");
}

TEST_F(FaultProxy, reset_is_a_reset_instead_of_an_answer) {
  const answer a = ask(fault::reset);
  EXPECT_EQ(a.end, "reset");
  EXPECT_EQ(a.text, "");
}

TEST_F(FaultProxy, half_close_is_the_end_of_a_stream_that_can_be_written_to) {
  EXPECT_EQ(ask(fault::half_close).end, "end");
  EXPECT_EQ(ask_again().end, "end") << "and no reset";
  EXPECT_EQ(proxy.open(), 1);
}

TEST_F(FaultProxy, stall_is_silence_for_as_long_as_the_client_stays) {
  EXPECT_EQ(ask(fault::stall, 200ms).end, "silence");
  EXPECT_EQ(ask_again(200ms).end, "silence");
  EXPECT_EQ(proxy.open(), 1);
}

TEST_F(FaultProxy, drip_is_the_whole_answer_byte_by_byte) {
  const answer a = ask(fault::drip);
  EXPECT_EQ(a.text, question);
  EXPECT_GE(a.took, 9 * fault_proxy::drip_interval);
  EXPECT_EQ(ask_again().text, question);
}

TEST_F(FaultProxy, garbage_is_as_long_as_the_answer_and_something_else) {
  const answer a = ask(fault::garbage);
  EXPECT_EQ(a.end, "complete");
  EXPECT_EQ(a.text, std::string(question.size(), '\xfe'));
}

TEST_F(FaultProxy, delay_is_the_whole_answer_later) {
  const answer a = ask(fault::delay);
  EXPECT_EQ(a.text, question);
  EXPECT_GE(a.took, fault_proxy::delay - 1ms);
  EXPECT_EQ(ask_again().text, question);
}

TEST_F(FaultProxy, truncate_is_half_of_the_answer_and_the_end) {
  const answer a = ask(fault::truncate);
  EXPECT_EQ(a.text, question.substr(0, question.size() / 2));
  EXPECT_EQ(a.end, "end");
}

TEST(FaultProxyBehindNothing, a_server_that_is_gone_resets_what_comes) {
  const std::uint16_t nobody = ebb::test::free_port();
  const fault_proxy proxy(nobody);
  const descriptor client = connect_to_port(proxy.port());
  EXPECT_EQ(read_answer(client).end, "reset");
  EXPECT_EQ(proxy.accepted(), 1);
  EXPECT_EQ(proxy.open(), 0);
}

}  // namespace
