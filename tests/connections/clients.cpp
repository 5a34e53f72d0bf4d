#include "clients.hpp"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <csignal>

#include <connections/descriptor.hpp>

namespace ebb::test {

namespace {

using std::chrono::steady_clock;

bool becomes_ready(int socket, short events, steady_clock::time_point deadline) noexcept {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
  ::pollfd p{socket, events, 0};
  return ::poll(&p, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) == 1;
}

struct clears {
  void operator()(::PGresult* r) const noexcept { ::PQclear(r); }
};

}  // namespace

void redis_connection::closes::operator()(redisContext* c) const noexcept { ::redisFree(c); }

redis_connection::redis_connection(std::uint16_t port) {
  // hiredis writes to sockets that the server has reset.
  [[maybe_unused]] static const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  const ::timeval limit{0, std::chrono::microseconds(time_out).count()};
  context_.reset(::redisConnectWithTimeout("127.0.0.1", port, limit));
  if (context_ == nullptr || context_->err != 0 || ::redisSetTimeout(context_.get(), limit) != REDIS_OK) {
    throw connection_error(context_ != nullptr ? context_->errstr : "no memory");
  }
  // Whoever listens at the port may still be nobody: the first answer opens it.
  if (!ping()) throw connection_error(context_->errstr);
}

bool redis_connection::ping() noexcept {
  const std::unique_ptr<void, decltype(&::freeReplyObject)> answer(::redisCommand(context_.get(), "PING"),
                                                                   &::freeReplyObject);
  const auto* const reply = static_cast<const redisReply*>(answer.get());
  return reply != nullptr && reply->type == REDIS_REPLY_STATUS;
}

std::string redis_connection::echo(const std::string& text) {
  const std::unique_ptr<void, decltype(&::freeReplyObject)> answer(
      ::redisCommand(context_.get(), "ECHO %b", text.data(), text.size()), &::freeReplyObject);
  const auto* const reply = static_cast<const redisReply*>(answer.get());
  if (reply == nullptr) throw connection_error(context_->errstr);
  if (reply->type != REDIS_REPLY_STRING) throw connection_error("no string");
  return {reply->str, reply->len};
}

bool postgres_connection::wait_for(short events, steady_clock::time_point deadline) const noexcept {
  return becomes_ready(::PQsocket(connection_), events, deadline);
}

postgres_connection::postgres_connection(std::uint16_t port, const std::string& user)
    : connection_(::PQconnectStart(
          ("host=127.0.0.1 dbname=postgres sslmode=disable gssencmode=disable user=" + user +
           " port=" + std::to_string(port))
              .c_str())) {
  ::PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);  // to be told is no use here
  const auto deadline = steady_clock::now() + time_out;
  ::PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_WRITING || state == PGRES_POLLING_READING) {
    if (::PQstatus(connection_) == CONNECTION_BAD ||
        !wait_for(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
      break;
    }
    state = ::PQconnectPoll(connection_);
  }
  if (state == PGRES_POLLING_OK) return;
  const std::string why = ::PQerrorMessage(connection_);
  finish();
  throw connection_error(why);
}

postgres_connection::~postgres_connection() { finish(); }

// The session exists until the server closes its end, and counts there until then.
void postgres_connection::finish() noexcept {
  const descriptor same(::fcntl(::PQsocket(connection_), F_DUPFD_CLOEXEC, 0));
  ::PQfinish(connection_);
  if (same) (void)becomes_ready(same.get(), POLLRDHUP, steady_clock::now() + time_out);
}

std::string postgres_connection::query(const std::string& text) {
  const auto deadline = steady_clock::now() + time_out;
  if (::PQsendQuery(connection_, text.c_str()) != 1) throw connection_error(::PQerrorMessage(connection_));
  std::string first;
  for (;;) {
    while (::PQisBusy(connection_) != 0) {
      if (!wait_for(POLLIN, deadline)) throw connection_error("no answer in time");
      if (::PQconsumeInput(connection_) != 1) throw connection_error(::PQerrorMessage(connection_));
    }
    const std::unique_ptr<::PGresult, clears> result(::PQgetResult(connection_));
    if (result == nullptr) return first;
    const ::ExecStatusType status = ::PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      throw connection_error(::PQresultErrorMessage(result.get()));
    }
    if (::PQntuples(result.get()) > 0) first = ::PQgetvalue(result.get(), 0, 0);
  }
}

bool postgres_connection::ping() noexcept {
  try {
    return query("select 1") == "1";
  } catch (const connection_error&) {
    return false;
  }
}

}  // namespace ebb::test
