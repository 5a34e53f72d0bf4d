// A client that can be as slow and as wrong as a test wants: it sends bytes, and reads what comes.
#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ebb::test {

struct response {
  int status = 0;  // 0: the connection was closed instead
  std::string head;
  std::string body;

  // The value of a header; empty if there is none.
  [[nodiscard]] std::string header(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class client {
 public:
  explicit client(int port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Nothing here takes a minute: who waits that long has found a bug.
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const int at_once = 1;  // what is sent in pieces arrives in pieces
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  client(client&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        received_(std::move(other.received_)) {}
  client& operator=(client&&) = delete;
  ~client() {
    if (socket_ >= 0) ::close(socket_);
  }

  [[nodiscard]] bool connected() const noexcept { return connected_; }

  // False if the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void send_nothing_more() { ::shutdown(socket_, SHUT_WR); }

  response read(bool to_head = false) {
    response r;
    std::size_t end;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return r;
    }
    r.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    const std::size_t length = to_head ? 0 : std::strtoul(r.header("Content-Length").c_str(), nullptr, 10);
    while (received_.size() < length) {
      if (!receive()) return r;
    }
    r.body = received_.substr(0, length);
    received_.erase(0, length);
    r.status = std::atoi(r.head.substr(9, 3).c_str());
    return r;
  }

  // Waits for the end, and says whether nothing came before it.
  bool is_closed() {
    while (receive()) {}
    return received_.empty();
  }

  // Waits, without reading, until the connection is broken off.
  bool is_reset() {
    pollfd p{.fd = socket_, .events = 0, .revents = 0};
    return ::poll(&p, 1, 60'000) == 1 && (p.revents & POLLHUP) != 0;
  }

  response ask(const std::string& request) {
    send(request);
    return read();
  }

 private:
  bool receive() {
    char bytes[65536];
    const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "nothing came for a minute";
    if (n <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string received_;
};

inline std::string get(const std::string& target, const std::string& more = "",
                       const std::string& host = "localhost") {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n";
}

inline std::string post(const std::string& target, const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost:8089\r\nContent-Length: 0\r\n" + more + "\r\n";
}

}  // namespace ebb::test
