#include "database.hpp"

#include <poll.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace orders {
namespace {

std::unique_ptr<PGconn, decltype(&PQfinish)> begin_connecting(const database_settings& s) {
  // What was sent and not acknowledged for so long ends the connection: the kernel's part of the limit.
  const std::string unacknowledged = std::to_string(s.statement_limit.count());
  const char* const names[] = {"dbname", "tcp_user_timeout", "fallback_application_name", nullptr};
  const char* const values[] = {s.where.c_str(), unacknowledged.c_str(), "orders_service", nullptr};
  return {PQconnectStartParams(names, values, 1), &PQfinish};  // 1: dbname may be a connection string
}

// libpq ends its messages with a newline, and now and then has several lines.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return text;
}

}  // namespace

database::database(database_settings settings)
    : settings_(std::move(settings)), connection_(begin_connecting(settings_)) {
  if (PQstatus(connection_.get()) == CONNECTION_BAD) fail("connecting");
  // Notices would go to stderr: that a server shuts down, for one, which the next statement finds out
  // anyway.
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  const auto deadline = clock::now() + settings_.connect_limit;
  for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;
       next = PQconnectPoll(connection_.get())) {
    if (next == PGRES_POLLING_FAILED) fail("connecting");
    wait_for(next == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
  }
  if (PQsetnonblocking(connection_.get(), 1) != 0) fail("connecting");
}

rows database::run(const char* statement, std::initializer_list<std::string> values) {
  PGconn* const c = connection_.get();
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  if (PQsendQueryParams(c, statement, static_cast<int>(texts.size()), nullptr, texts.data(), nullptr,
                        nullptr, 0) == 0) {
    fail(statement);
  }
  const auto deadline = clock::now() + settings_.statement_limit;
  for (int left = PQflush(c); left != 0; left = PQflush(c)) {
    if (left < 0) fail(statement);
    wait_for(POLLIN | POLLOUT, deadline);
    // The server may want to get rid of something before it reads on.
    if (PQconsumeInput(c) == 0) fail(statement);
  }
  // One result, and then null, which makes the connection ready for the next statement.
  rows got(nullptr);
  for (;;) {
    while (PQisBusy(c) != 0) {
      wait_for(POLLIN, deadline);
      if (PQconsumeInput(c) == 0) fail(statement);
    }
    PGresult* const next = PQgetResult(c);
    if (next == nullptr) break;
    got = rows(next);
  }
  if (!got.succeeded()) fail(statement);
  return got;
}

bool database::answers() {
  try {
    run("select 1");
    return true;
  } catch (const database_error&) {
    return false;
  }
}

bool database::tidy_up() {
  switch (PQtransactionStatus(connection_.get())) {
    case PQTRANS_IDLE: return true;  // the usual case, without a round trip
    case PQTRANS_INTRANS:
    case PQTRANS_INERROR: break;
    default: return false;  // a statement that was given up, or no connection any more
  }
  run("rollback");
  run("discard all");
  return true;
}

void database::wait_for(short events, clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0) throw database_error("the database did not answer in time");
    pollfd socket{.fd = PQsocket(connection_.get()), .events = events, .revents = 0};
    const int ready = poll(&socket, 1, static_cast<int>(left));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR)
      throw database_error("poll: " + std::generic_category().message(errno));
  }
}

void database::fail(const std::string& doing) const {
  throw database_error(doing + ": " + one_line(PQerrorMessage(connection_.get())));
}

}  // namespace orders
