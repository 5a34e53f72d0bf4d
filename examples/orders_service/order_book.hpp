// What the service is about: orders are placed, and shown. Here connections are borrowed and used.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "connections.hpp"

namespace orders {

struct new_order {
  std::int64_t item = 0;
  std::int64_t quantity = 0;
};

/// What was asked for is not in stock.
class out_of_stock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class order_book {
 public:
  order_book(const options& o, connections& c) : patience_(o.patience), query_(o.query), connections_(c) {}

  /// All three throw std::system_error with an ebb::pool_errc when no connection is free in time, and
  /// database_error when the database fails.
  ///
  /// Returns      the order as JSON; nothing if there is none.
  [[nodiscard]] std::optional<std::string> find(const std::string& id);
  /// Returns      what is left of an item; nothing if there is no such item.
  [[nodiscard]] std::optional<std::string> stock(const std::string& item);
  /// Returns      the order's number; nothing if there is no such item.
  /// Throws       out_of_stock.
  [[nodiscard]] std::optional<std::string> place(const new_order& wanted);

  [[nodiscard]] std::uint64_t shown_from_cache() const {
    return from_cache_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t placed() const { return placed_.load(std::memory_order_relaxed); }
  /// How often a connection to the database was asked for, and how long that took altogether: waiting,
  /// opening, checking; those that were not had, too.
  [[nodiscard]] std::uint64_t asked() const { return asked_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t waited_us() const { return waited_us_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] ebb::lease<database> borrow_database();
  [[nodiscard]] std::optional<std::string> cached(const std::string& key);
  void remember(const std::string& key, const std::string& value);

  const std::chrono::milliseconds patience_;
  const std::chrono::milliseconds query_;
  connections& connections_;
  // relaxed: they only count.
  std::atomic<std::uint64_t> from_cache_{0};
  std::atomic<std::uint64_t> placed_{0};
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> waited_us_{0};
};

}  // namespace orders
