// Connections as a program would pool them: every call ends in time, and every error says that the
// connection is of no more use.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

struct redisContext;
struct pg_conn;

namespace ebb::test {

struct connection_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One owner at a time.
struct owned {
  std::atomic<int> owners{0};
};

// hiredis. Connecting and each read take 100 ms at most.
class redis_connection : public owned {
 public:
  static constexpr std::chrono::milliseconds time_out{100};
  // Throws connection_error.
  explicit redis_connection(std::uint16_t port);
  // Both are round trips.
  [[nodiscard]] bool ping() noexcept;
  // What the server says to `text`: the same, if it is the answer to this question. Throws
  // connection_error.
  [[nodiscard]] std::string echo(const std::string& text);

 private:
  struct closes {
    void operator()(redisContext* c) const noexcept;
  };
  std::unique_ptr<redisContext, closes> context_;
};

// libpq, without its blocking calls. Its end is the server's, too: that has let go of the session when the
// destructor returns.
class postgres_connection : public owned {
 public:
  static constexpr std::chrono::seconds time_out{20};
  // Throws connection_error.
  postgres_connection(std::uint16_t port, const std::string& user);
  ~postgres_connection();
  postgres_connection(const postgres_connection&) = delete;
  postgres_connection& operator=(const postgres_connection&) = delete;
  // The first column of the first row, or "". Throws connection_error.
  std::string query(const std::string& text);
  [[nodiscard]] bool ping() noexcept;

 private:
  // Whether the socket became ready for `events` before the time was over.
  [[nodiscard]] bool wait_for(short events, std::chrono::steady_clock::time_point deadline) const noexcept;
  void finish() noexcept;
  pg_conn* connection_;
};

}  // namespace ebb::test
