// Bounded pools of resources by key: connections by host, by shard, by user.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include <ebb/detail/keyed_resource_core.hpp>
#include <ebb/lease.hpp>
#include <ebb/lease_source.hpp>
#include <ebb/resource_options.hpp>
#include <ebb/resource_stats.hpp>

namespace ebb {

/// Bounded pools of resources, one for each key, under a common bound. When all places are taken, what has
/// been idle for longest under another key is closed to make room; when all are in use, who waits for one
/// key is served when one of any key comes back, so that no key starves another. Keys without resources are
/// forgotten.
///
///     ebb::keyed_resource_pool<std::string, connection> hosts{
///         {.make = connect_to, .capacity_per_key = 8, .all = {.capacity = 100, .name = "hosts"}}};
///     ebb::lease<connection> c = hosts.at("db1:5432").acquire_for(250ms);
///
/// Must not be destroyed while a thread is in one of its functions. Leases may outlive it, and so may
/// coroutines that wait: they are refused.
template <class Key, class R, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class keyed_resource_pool {
 public:
  /// Throws       std::invalid_argument for an option that is out of range, or has no meaning here;
  ///              std::bad_alloc.
  /// Threads      as resource_pool.
  /// Cost         as resource_pool.
  explicit keyed_resource_pool(keyed_resource_pool_options<Key, R> options)
      : keyed_resource_pool(std::move(options), detail::resource_clock::real()) {}
  /// With a clock of one's own: for tests. Nobody looks after the pool then but who calls look_after().
  keyed_resource_pool(keyed_resource_pool_options<Key, R> options, detail::resource_clock& clock)
      : core_(new core(std::move(options), clock)) {
    core_->admit();
  }
  ~keyed_resource_pool() { core_->abandon(); }
  keyed_resource_pool(const keyed_resource_pool&) = delete;
  keyed_resource_pool& operator=(const keyed_resource_pool&) = delete;

  /// Where resources for a key come from. May be kept and copied; the key is remembered meanwhile.
  /// Throws       std::bad_alloc, what copying, hashing and comparing keys throws.
  /// Threads      safe from any thread.
  /// Cost         a search in a hash table under a mutex.
  [[nodiscard]] lease_source<R> at(const Key& key) {
    return core_->with_group(key, [this](detail::resource_group& g) { return lease_source<R>(*core_, g); });
  }

  /// How many keys are remembered: those with resources, with waiters, whose lease_source somebody has,
  /// that are in the pause after a failure; and others, until there are twice as many as were needed when
  /// they were forgotten last, and at least 64.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         a mutex.
  [[nodiscard]] std::size_t keys() const { return core_->keys(); }

  /// As those of resource_pool, for all keys together.
  void set_capacity(std::size_t capacity) { core_->set_capacity(capacity); }
  void reset() noexcept { core_->reset_all(); }
  bool close(std::chrono::nanoseconds grace = {}) noexcept {
    return core_->close(core_->clock().after(grace));
  }
  [[nodiscard]] resource_stats stats() const { return core_->stats(); }
  void look_after() noexcept { core_->look_after(); }

 private:
  // Its destructor is the core's own affair.
  struct core final : detail::keyed_resource_core<Key, R, Hash, Equal> {
    using detail::keyed_resource_core<Key, R, Hash, Equal>::keyed_resource_core;
    const char* pool_type() const noexcept override { return typeid(keyed_resource_pool).name(); }
  };
  core* const core_;
};

}  // namespace ebb
