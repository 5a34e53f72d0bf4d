// One connection to Redis. No call takes longer than the limit.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace orders {

/// The connection is of no more use.
class cache_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct cache_settings {
  std::string host;
  std::uint16_t port = 0;
  std::chrono::milliseconds limit{500};  ///< for connecting, and for each answer.
};

class cache {
 public:
  /// Connects.
  /// Throws       cache_error.
  explicit cache(const cache_settings& settings);

  [[nodiscard]] std::optional<std::string> get(const std::string& key);
  void set(const std::string& key, const std::string& value, std::chrono::seconds lives);

  /// A round trip.
  [[nodiscard]] bool answers();
  /// Without one: hiredis remembers whether a call failed, and answers of such a connection would be those
  /// to questions of others.
  [[nodiscard]] bool is_usable() const { return connection_->err == 0; }

 private:
  struct reply_deleter {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using reply = std::unique_ptr<redisReply, reply_deleter>;

  reply checked(void* raw) const;

  std::unique_ptr<redisContext, decltype(&redisFree)> connection_;
};

}  // namespace orders
