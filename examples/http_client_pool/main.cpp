// http_client_pool: coroutines share a few kept-alive connections to a server that now and then closes one.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

#include "common/command_line.hpp"
#include "http_client.hpp"
#include "peer.hpp"

namespace {

namespace asio = boost::asio;

struct options {
  std::uint64_t requests = 10'000;
  std::uint64_t askers = 32;
  std::uint64_t connections = 4;
  std::uint64_t answers_per_connection = 100;
};

bool parse_options(int argc, char** argv, options& o) {
  CLI::App app{"Coroutines ask a server on the loopback over a pool of connections.", "http_client_pool"};
  app.add_option("--requests", o.requests, "how many answers are wanted in all")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--askers", o.askers, "how many coroutines ask")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--connections", o.connections, "how many connections they share")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--answers-per-connection", o.answers_per_connection,
                 "after how many answers the server closes a connection")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  return example::parse(app, argc, argv);
}

// Takes the next number and asks for it, until all have been.
asio::awaitable<void> ask(client::http_client& http, std::uint64_t& next, std::uint64_t requests) {
  while (next < requests) {
    const std::string target = "/" + std::to_string(next++);
    const std::string answer = co_await http.get(target);
    if (answer != client::peer::answer_to(target))
      throw std::logic_error(target + " was answered: " + answer);
  }
}

void run(const options& o) {
  asio::io_context io(1);
  client::peer server(io.get_executor(), o.answers_per_connection);
  server.start();
  client::http_client http(io.get_executor(), server.endpoint(), o.connections);

  std::uint64_t next = 0;
  std::uint64_t asking = o.askers;
  std::exception_ptr failed;
  for (std::uint64_t i = 0; i < o.askers; ++i) {
    asio::co_spawn(io, ask(http, next, o.requests), [&](const std::exception_ptr& why) {
      if (why) failed = why;
      if (--asking > 0) return;
      // The server's coroutines end when their clients have gone, and run() when all coroutines have.
      http.close();
      server.stop();
    });
  }
  io.run();
  if (failed) std::rethrow_exception(failed);

  const auto closed = http.stats().closed[static_cast<std::size_t>(ebb::close_reason::broken)];
  std::cout << o.requests << " answers over " << server.accepted() << " connections, at most "
            << server.most_open() << " at a time\n"
            << "the server had closed " << closed << ": " << closed - http.asked_again()
            << " were found by the look before use, " << http.asked_again()
            << " by a request, which was asked again\n"
            << server.open_now() << " are left open\n";
}

}  // namespace

int main(int argc, char** argv) {
  const auto body = [](int count, char** words) {
    options o;
    if (parse_options(count, words, o)) run(o);
  };
  return example::run("http_client_pool", body, argc, argv);
}
