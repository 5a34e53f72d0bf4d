// A TCP proxy that breaks connections in eight ways, when it is told to.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <connections/descriptor.hpp>

namespace ebb::test {

enum class fault : std::uint8_t {
  refuse,      // a new connection is reset at once
  reset,       // instead of an answer the connection is reset
  half_close,  // the client reads the end of the stream, and may go on to write to nobody
  stall,       // no answer, and nothing else either, for as long as the client stays
  drip,        // the answer arrives byte by byte
  garbage,     // as many bytes of something else
  delay,       // the answer is late
  truncate,    // half of the answer, then the end of the stream
};
inline constexpr std::array all_faults{fault::refuse, fault::reset,   fault::half_close, fault::stall,
                                       fault::drip,   fault::garbage, fault::delay,      fault::truncate};
[[nodiscard]] const char* to_string(fault kind) noexcept;

// Between clients on its own port and a server on the loopback interface. Runs on a thread of its own; all
// functions may be called from any thread.
class fault_proxy {
 public:
  static constexpr std::chrono::milliseconds delay{30};
  static constexpr std::chrono::milliseconds drip_interval{1};

  explicit fault_proxy(std::uint16_t server_port);
  ~fault_proxy();
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // To come upon the next new connection (refuse), or upon the next answer of the server; one each.
  void inject(fault kind) noexcept { ++pending_[index(kind)]; }
  // How many came to be.
  [[nodiscard]] int injected(fault kind) const noexcept { return injected_[index(kind)]; }
  [[nodiscard]] int injected() const noexcept;
  // Told to, and not yet come to be.
  [[nodiscard]] int pending() const noexcept;

  // Connections of clients: now, the most there ever were at one instant, and all.
  [[nodiscard]] int open() const noexcept { return open_; }
  [[nodiscard]] int most_open() const noexcept { return most_open_; }
  [[nodiscard]] int accepted() const noexcept { return accepted_; }

 private:
  using time_point = std::chrono::steady_clock::time_point;
  struct route {
    descriptor client, server;
    std::string held;  // of an answer that comes late
    bool drips = false;
    time_point due{};  // when (the next byte of) what is held goes
  };

  static std::size_t index(fault kind) noexcept { return static_cast<std::size_t>(kind); }
  void run();
  void accept_one();
  // False where the client's end is to be closed, or is.
  bool serve(route& r, short client_events, short server_events);
  bool pass_on_answer(route& r);
  bool break_answer(route& r, fault kind, std::string answer);
  bool send_held(route& r);
  [[nodiscard]] bool take(fault kind) noexcept;
  [[nodiscard]] int poll_timeout() const;

  const std::uint16_t server_port_;
  descriptor listener_;
  descriptor stop_;
  const std::uint16_t port_;
  std::array<std::atomic<int>, all_faults.size()> pending_{};
  std::array<std::atomic<int>, all_faults.size()> injected_{};
  std::atomic<int> open_{0};
  std::atomic<int> most_open_{0};
  std::atomic<int> accepted_{0};
  std::vector<route> routes_;  // the thread's own
  std::thread thread_;
};

}  // namespace ebb::test
