// One connection to PostgreSQL. No call takes longer than its limit, whatever the other side does.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>

namespace orders {

/// A statement failed, or the connection did: database::tidy_up() knows whether it is still of use.
class database_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct database_settings {
  std::string where;  ///< libpq's connection string; a password comes better from PGPASSWORD.
  std::chrono::milliseconds connect_limit{2000};
  std::chrono::milliseconds statement_limit{2000};
};

/// The rows of a statement.
class rows {
 public:
  explicit rows(PGresult* result) : result_(result, &PQclear) {}
  [[nodiscard]] bool succeeded() const {
    const auto status = PQresultStatus(result_.get());
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  }
  [[nodiscard]] int size() const { return PQntuples(result_.get()); }
  [[nodiscard]] std::string at(int row, int column) const { return PQgetvalue(result_.get(), row, column); }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

class database {
 public:
  /// Connects.
  /// Throws       database_error, also when connect_limit is over.
  explicit database(database_settings settings);

  /// Runs one statement with the values of $1, $2 ...
  /// Throws       database_error, also when statement_limit is over; then the connection is of no more use.
  rows run(const char* statement, std::initializer_list<std::string> values = {});

  /// A round trip. Less would not find a peer that is gone without a word.
  [[nodiscard]] bool answers();

  /// Ends what the last user left: a transaction that is open is rolled back, and with it goes whatever was
  /// set in the session.
  /// Returns      false when that is not possible, and the connection is to be closed.
  [[nodiscard]] bool tidy_up();

 private:
  using clock = std::chrono::steady_clock;

  void wait_for(short events, clock::time_point deadline);
  [[noreturn]] void fail(const std::string& doing) const;

  database_settings settings_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace orders
