#include "connections.hpp"

namespace orders {
namespace {

using namespace std::chrono_literals;

ebb::resource_pool_options<database> database_options(const options& o) {
  return {
      .make = [settings = o.database] { return std::make_unique<database>(settings); },
      .capacity = o.capacity,
      .check = [](database& d) { return d.answers(); },
      .check_after_idle = 1s,
      .check_every = 10s,
      .on_return = [](database& d) { return d.tidy_up(); },
      .idle_timeout = 60s,
      .max_lifetime = 30min,
      .lifetime_jitter = 5min,
      // While the database is away it is asked now and then, not by every request.
      .retry_first = 20ms,
      .retry_most = 200ms,
      .name = "database",
  };
}

ebb::resource_pool_options<cache> cache_options(const options& o) {
  return {
      .make = [settings = o.cache] { return std::make_unique<cache>(settings); },
      .capacity = o.capacity,
      .check = [](cache& c) { return c.answers(); },
      .check_after_idle = 1s,
      .on_return = [](cache& c) { return c.is_usable(); },
      .idle_timeout = 60s,
      .retry_first = 20ms,
      .retry_most = 200ms,
      .name = "cache",
  };
}

// What a program without a pool does: no bound, no pause after a failure, and whatever is given back is
// closed. The same type all the same, so that the rest of the service is the same code, and counted the
// same way.
template <class R>
ebb::resource_pool_options<R> used_once(ebb::resource_pool_options<R> options) {
  return {.make = options.make,
          .capacity = 1'000'000,
          .on_return = [](R&) { return false; },
          .name = options.name};
}

template <class R>
ebb::resource_pool_options<R> for_mode(pool_mode mode, ebb::resource_pool_options<R> options) {
  return mode == pool_mode::none ? used_once(std::move(options)) : std::move(options);
}

}  // namespace

connections::connections(const options& o)
    : databases(for_mode(o.mode, database_options(o))), caches(for_mode(o.mode, cache_options(o))) {}

}  // namespace orders
