#include "statistics.hpp"

#include <nlohmann/json.hpp>

#include "router.hpp"

namespace orders {
namespace {

using json = nlohmann::ordered_json;

// The end of the bucket in which the wait is that `part` of all acquires were not above.
std::uint64_t waited_at_most_us(const ebb::wait_histogram& waits, double part) {
  std::uint64_t all = 0;
  for (const std::uint64_t n : waits.counts) all += n;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < waits.counts.size(); ++i) {
    seen += waits.counts[i];
    if (static_cast<double>(seen) >= part * static_cast<double>(all)) return std::uint64_t{1} << i;
  }
  return 0;
}

json to_json(const ebb::resource_stats& s) {
  json closed;
  for (std::size_t i = 0; i < s.closed.size(); ++i) {
    closed[ebb::to_string(static_cast<ebb::close_reason>(i))] = s.closed[i];
  }
  return {{"capacity", s.capacity},
          {"in_use", s.in_use},
          {"idle", s.idle},
          {"opening", s.opening},
          {"closing", s.closing},
          {"waiters", s.waiters},
          {"opened", s.opened},
          {"failed_to_open", s.failed_to_open},
          {"closed", closed},
          {"acquired", s.acquired},
          {"acquired_after_waiting", s.acquired_after_waiting},
          {"timed_out", s.timed_out},
          {"waited_us_p50", waited_at_most_us(s.waits, 0.5)},
          {"waited_us_p99", waited_at_most_us(s.waits, 0.99)}};
}

}  // namespace

std::string statistics(const router& r) {
  const json page = {{"answered", r.count(outcome::answered)},
                     {"rejected", r.count(outcome::rejected)},
                     {"no_free_connection", r.count(outcome::no_free_one)},
                     {"failed", r.count(outcome::failed)},
                     {"placed", r.book().placed()},
                     {"shown_from_cache", r.book().shown_from_cache()},
                     {"database", to_json(r.pools().databases.stats())},
                     {"cache", to_json(r.pools().caches.stats())}};
  return page.dump(2);
}

void write_sample(std::ostream& out, const router& r) {
  const ebb::resource_stats s = r.pools().databases.stats();
  out << r.count(outcome::answered) << ',' << r.count(outcome::no_free_one) << ','
      << r.count(outcome::failed) << ',' << r.book().placed() << ',' << s.open() << ',' << s.opened << ','
      << r.book().asked() << ',' << r.book().waited_us();
}

}  // namespace orders
