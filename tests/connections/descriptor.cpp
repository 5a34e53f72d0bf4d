#include "descriptor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace ebb::test {

namespace {

::sockaddr_in loopback(std::uint16_t port) {
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

void descriptor::close() noexcept {
  if (fd_ >= 0) (void)::close(std::exchange(fd_, -1));
}

void descriptor::reset() noexcept {
  const ::linger at_once{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

descriptor listen_on(std::uint16_t port) {
  descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener) fail("socket");
  const int on = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const ::sockaddr_in address = loopback(port);
  if (::bind(listener.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0)
    fail("bind");
  if (::listen(listener.get(), SOMAXCONN) != 0) fail("listen");
  return listener;
}

std::uint16_t port_of(const descriptor& listener) {
  ::sockaddr_in address{};
  ::socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<::sockaddr*>(&address), &size) != 0)
    fail("getsockname");
  return ntohs(address.sin_port);
}

descriptor connect_to_port(std::uint16_t port) {
  descriptor s(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!s) fail("socket");
  const ::sockaddr_in address = loopback(port);
  if (::connect(s.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) return {};
  const int on = 1;
  (void)::setsockopt(s.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return s;
}

// The kernel takes ports from 32768 on. While a server is down, who connects to one of these may be given
// the same as its own, and so connect to itself.
std::uint16_t free_port() {
  constexpr int first = 20'000;
  constexpr int count = 12'000;
  static int next = ::getpid() * 31 % count;
  for (int tries = 0; tries < count; ++tries) {
    const auto port = static_cast<std::uint16_t>(first + next++ % count);
    try {
      (void)listen_on(port);
      return port;
    } catch (const std::system_error&) {  // somebody has it
    }
  }
  throw std::runtime_error("no port is free from 20000 to 31999");
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  // One of them is the iterator's own.
  return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;
}

}  // namespace ebb::test
