#include "cache.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace orders {
namespace {

timeval to_timeval(std::chrono::milliseconds t) {
  return {.tv_sec = t.count() / 1000, .tv_usec = t.count() % 1000 * 1000};
}

}  // namespace

cache::cache(const cache_settings& s)
    : connection_(redisConnectWithTimeout(s.host.c_str(), s.port, to_timeval(s.limit)), &redisFree) {
  if (connection_ == nullptr) throw cache_error("out of memory");
  if (connection_->err != 0) throw cache_error(connection_->errstr);
  const auto unacknowledged = static_cast<unsigned>(s.limit.count());
  if (redisSetTimeout(connection_.get(), to_timeval(s.limit)) != REDIS_OK ||
      setsockopt(connection_->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof unacknowledged) !=
          0) {
    throw cache_error("the limits of a connection cannot be set");
  }
}

std::optional<std::string> cache::get(const std::string& key) {
  const reply r = checked(redisCommand(connection_.get(), "GET %b", key.data(), key.size()));
  if (r->type != REDIS_REPLY_STRING) return std::nullopt;
  return std::string(r->str, r->len);
}

void cache::set(const std::string& key, const std::string& value, std::chrono::seconds lives) {
  checked(redisCommand(connection_.get(), "SET %b %b EX %lld", key.data(), key.size(), value.data(),
                       value.size(), static_cast<long long>(lives.count())));
}

bool cache::answers() {
  const reply r(static_cast<redisReply*>(redisCommand(connection_.get(), "PING")));
  return r != nullptr && r->type == REDIS_REPLY_STATUS;
}

cache::reply cache::checked(void* raw) const {
  reply r(static_cast<redisReply*>(raw));
  if (r == nullptr) throw cache_error(connection_->errstr);
  if (r->type == REDIS_REPLY_ERROR) throw cache_error(std::string(r->str, r->len));
  return r;
}

}  // namespace orders
