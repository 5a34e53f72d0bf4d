// File descriptors with an owner, and ports of the loopback interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace ebb::test {

class descriptor {
 public:
  descriptor() noexcept = default;
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { close(); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  void close() noexcept;
  // The peer of this socket gets a reset instead of the end of the stream.
  void reset() noexcept;

 private:
  int fd_ = -1;
};

// A listening socket on 127.0.0.1; 0: on any port.
[[nodiscard]] descriptor listen_on(std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(const descriptor& listener);
// Empty if nobody listens there.
[[nodiscard]] descriptor connect_to_port(std::uint16_t port);
// One that nobody has, and that the kernel gives to no socket that did not ask for it.
[[nodiscard]] std::uint16_t free_port();

// How many this process has open.
[[nodiscard]] std::size_t open_descriptors();

}  // namespace ebb::test
