#include "order_book.hpp"

#include <nlohmann/json.hpp>

#include <system_error>

namespace orders {
namespace {

constexpr std::chrono::seconds cached_for{30};

// Adds how long it lived: also when it is left by an exception.
class stopwatch {
 public:
  explicit stopwatch(std::atomic<std::uint64_t>& sum_us) : sum_us_(sum_us) {}
  stopwatch(const stopwatch&) = delete;
  stopwatch& operator=(const stopwatch&) = delete;
  ~stopwatch() {
    const auto lived = std::chrono::steady_clock::now() - start_;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(lived).count();
    sum_us_.fetch_add(static_cast<std::uint64_t>(us), std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t>& sum_us_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

// A connection is borrowed for as long as it is used, and never two at a time: who waited for a second one
// with the first in hand could wait for somebody who does the same the other way round.
std::optional<std::string> order_book::find(const std::string& id) {
  const std::string key = "order:" + id;
  if (auto known = cached(key)) {
    from_cache_.fetch_add(1, std::memory_order_relaxed);
    return known;
  }
  std::string order;
  {
    const auto db = borrow_database();
    const rows found = db->run("select id, item, quantity from orders where id = $1", {id});
    if (found.size() == 0) return std::nullopt;
    order = nlohmann::ordered_json{{"id", std::stoll(found.at(0, 0))},
                                   {"item", std::stoll(found.at(0, 1))},
                                   {"quantity", std::stoll(found.at(0, 2))}}
                .dump();
  }
  remember(key, order);
  return order;
}

std::optional<std::string> order_book::stock(const std::string& item) {
  const auto db = borrow_database();
  const rows found = db->run("select left_over from items where id = $1::bigint", {item});
  if (found.size() == 0) return std::nullopt;
  return found.at(0, 0);
}

std::optional<std::string> order_book::place(const new_order& wanted) {
  const std::string item = std::to_string(wanted.item);
  const std::string quantity = std::to_string(wanted.quantity);
  const auto db = borrow_database();
  db->run("begin");
  const rows taken = db->run(
      "update items set left_over = left_over - $2 where id = $1 and left_over >= $2 returning left_over",
      {item, quantity});
  if (taken.size() == 0) {
    // These ways out leave the transaction open, as does every exception: it is rolled back when the
    // connection is given back.
    if (db->run("select 1 from items where id = $1", {item}).size() == 0) return std::nullopt;
    throw out_of_stock("fewer than " + quantity + " are left of item " + item);
  }
  const rows order =
      db->run("insert into orders (item, quantity) values ($1, $2) returning id", {item, quantity});
  db->run("commit");
  placed_.fetch_add(1, std::memory_order_relaxed);
  return order.at(0, 0);
}

ebb::lease<database> order_book::borrow_database() {
  asked_.fetch_add(1, std::memory_order_relaxed);
  auto db = [this] {
    const stopwatch running(waited_us_);
    return connections_.databases.acquire_for(patience_);
  }();
  if (query_ > std::chrono::milliseconds(0)) {
    db->run("select pg_sleep($1::float8 / 1000)", {std::to_string(query_.count())});
  }
  return db;
}

// Without the cache the service is slower, and that is all.
std::optional<std::string> order_book::cached(const std::string& key) try {
  return connections_.caches.acquire_for(patience_)->get(key);
} catch (const cache_error&) {
  return std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

void order_book::remember(const std::string& key, const std::string& value) try {
  connections_.caches.acquire_for(patience_)->set(key, value, cached_for);
} catch (const cache_error&) {
} catch (const std::system_error&) {}

}  // namespace orders
