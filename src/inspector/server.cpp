#include "server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

#include <boost/asio/ip/address.hpp>

#include "connection.hpp"

namespace ebb::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

tcp::endpoint endpoint_of(const inspector_options& options) {
  error_code failed;
  const auto address = asio::ip::make_address(options.address, failed);
  if (failed) {
    throw std::invalid_argument("ebb::inspector: options.address is \"" + options.address +
                                "\"; valid is an IPv4 or IPv6 address such as 127.0.0.1");
  }
  if (options.port < 0 || options.port > 65535) {
    throw std::invalid_argument("ebb::inspector: options.port is " + std::to_string(options.port) +
                                "; valid are 0 .. 65535");
  }
  for (const std::string& host : options.hosts) {
    if (host.empty() || host.find_first_of(":/[]*@ ") != std::string::npos) {
      throw std::invalid_argument("ebb::inspector: options.hosts has \"" + host +
                                  "\"; valid are names, without a port");
    }
  }
  return {address, static_cast<std::uint16_t>(options.port)};
}

// Asio leaves descriptors to be inherited; a child would keep the port.
void close_on_exec(int descriptor) { (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

}  // namespace

server::server(const inspector_options& options, inspector_source source, server_limits limits)
    : limits_(limits),
      numbers_(std::move(source), options.allow_actions),
      router_(numbers_, {.allow_actions = options.allow_actions,
                         .on_loopback = endpoint_of(options).address().is_loopback(),
                         .hosts = options.hosts}) {
  const tcp::endpoint wanted = endpoint_of(options);
  error_code failed;
  const auto check = [&] {
    if (!failed) return;
    throw std::system_error(
        failed.value(), std::generic_category(),
        "ebb::inspector cannot listen on " + options.address + " port " + std::to_string(options.port));
  };
  // NOLINTNEXTLINE(bugprone-unused-return-value): the error is in `failed`
  acceptor_.open(wanted.protocol(), failed), check();
  close_on_exec(acceptor_.native_handle());
  acceptor_.set_option(tcp::acceptor::reuse_address(true), failed), check();
  acceptor_.bind(wanted, failed), check();
  acceptor_.listen(128, failed), check();
  where_ = acceptor_.local_endpoint(failed), check();
  accept();
}

server::~server() { connections_.clear(); }

void server::run() noexcept {
  while (!context_.stopped()) {
    try {
      context_.run();
      return;
    } catch (...) {  // no memory: the connection it was for is closed when its time is over
    }
  }
}

void server::accept() {
  acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
    if (failed) return retry_accept();
    close_on_exec(socket.native_handle());
    if (connections_.size() >= limits_.connections) connections_.front()->close();
    try {
      std::make_shared<connection>(*this, std::move(socket))->start();
    } catch (const std::exception&) {  // no memory
      return retry_accept();
    }
    accept();
  });
}

// No descriptor is left, or no memory: one is made free, and a pause keeps this from spinning.
void server::retry_accept() {
  if (!connections_.empty()) connections_.front()->close();
  accept_again_.expires_after(std::chrono::milliseconds(100));
  accept_again_.async_wait([this](error_code cancelled) {
    if (!cancelled) accept();
  });
}

answer server::respond(const http_request& request) {
  try {
    answer a = router_.respond(request);
    if (!sampling_ && numbers_.is_watched()) {
      sampling_ = true;
      sample_.expires_after(snapshots::sample_period);
      watch();
    }
    return a;
  } catch (const std::exception& e) {
    return plain_answer(503, e.what());
  }
}

void server::watch() {
  sample_.async_wait([this](error_code cancelled) {
    sampling_ = !cancelled && numbers_.is_watched();
    if (!sampling_) return;
    try {
      numbers_.take_sample();
    } catch (const std::exception&) {  // no memory: this second is missing
    }
    sample_.expires_at(sample_.expiry() + snapshots::sample_period);
    watch();
  });
}

void server::waits_anew(const std::shared_ptr<connection>& c) {
  connections_.remove(c);
  connections_.push_back(c);
}

void server::make_room(const connection& needs_it) {
  std::size_t unsent = 0;
  for (const auto& c : connections_) unsent += c->unsent_bytes();
  for (auto next = connections_.begin(); unsent > limits_.unsent_bytes && next != connections_.end();) {
    const std::shared_ptr<connection> c = *next++;  // close() takes it out of the list
    if (c.get() == &needs_it || c->unsent_bytes() == 0) continue;
    unsent -= c->unsent_bytes();
    c->close();
  }
}

}  // namespace ebb::detail
