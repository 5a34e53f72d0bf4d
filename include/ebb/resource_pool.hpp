// A bounded pool of resources that must not be thrown away: connections to databases, long-lived TCP
// connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include <ebb/detail/typed_resource_core.hpp>
#include <ebb/lease.hpp>
#include <ebb/lease_source.hpp>
#include <ebb/resource_options.hpp>
#include <ebb/resource_stats.hpp>

namespace ebb {

/// A bounded pool of resources. Who finds none free waits, in the order of arrival; one that comes back
/// goes straight to who waits longest.
///
///     ebb::resource_pool<connection> pool{{.make = connect, .capacity = 10, .check = ping}};
///     {
///       ebb::lease<connection> c = pool.acquire();   // lease_source says what else there is
///       c->query(...);
///     }   // back in the pool
///
/// Must not be destroyed while a thread is in one of its functions. Leases may outlive it, and so may
/// coroutines that wait: they are refused.
template <class R>
class resource_pool : public lease_source<R> {
 public:
  using setting = std::shared_ptr<const resource_setting<R>>;

  /// Throws       std::invalid_argument for an option that is out of range; std::bad_alloc.
  /// Threads      the one that looks after all pools starts with the first resource that is opened, if an
  ///              option needs it, or here for keep_at_least.
  /// Cost         one allocation; nothing is opened.
  explicit resource_pool(resource_pool_options<R> options)
      : resource_pool(std::move(options), detail::resource_clock::real()) {}
  /// With a clock of one's own: for tests. Nobody looks after the pool then but who calls look_after().
  resource_pool(resource_pool_options<R> options, detail::resource_clock& clock)
      : resource_pool(*new core(std::move(options), clock)) {}
  ~resource_pool() { this->core_->abandon(); }
  resource_pool(const resource_pool&) = delete;
  resource_pool& operator=(const resource_pool&) = delete;

  /// Where resources come from that have a setting: one that has it already, else one without, else a new
  /// one, and only if there is no place for that, one that has another.
  /// Throws       std::invalid_argument if it is null or has no apply or undo.
  /// Threads      safe from any thread.
  /// Cost         a short critical section under the pool's mutex, and another one when it ends.
  ///
  ///     const auto utc = std::make_shared<const ebb::resource_setting<connection>>(
  ///         [](connection& c) { c.query("set timezone to utc"); },
  ///         [](connection& c) { c.query("reset timezone"); });
  ///     ebb::lease<connection> c = pool.with(utc).acquire();
  [[nodiscard]] lease_source<R> with(setting s) const {
    if (s == nullptr || !s->apply || !s->undo) {
      throw std::invalid_argument(this->core_->title() + ": a setting needs apply and undo");
    }
    return lease_source<R>(*this->core_, this->core_->only_group(), std::move(s));
  }

  /// Changes how many may be open. What is over is closed: the idle ones before this returns, the others
  /// when they come back. 0 is a pause: nobody gets any.
  /// Throws       std::invalid_argument above 1,000,000.
  /// Threads      safe from any thread. on_close and destructors run on the calling thread, under no lock.
  /// Cost         a critical section, and those.
  void set_capacity(std::size_t capacity) { this->core_->set_capacity(capacity); }

  /// Closes all that are open now: the idle ones before this returns, the others when they come back. For
  /// when the other side has changed: a fail-over, new credentials. A pause after failures ends.
  /// Throws       nothing.
  /// Threads      as set_capacity().
  /// Cost         as set_capacity().
  void reset() noexcept { this->core_->reset_all(); }

  /// Opens resources until `count` are open or being opened, or as many as may be. With
  /// options.make_async it has them begun, and does not wait for them.
  /// Returns      how many it opened.
  /// Throws       what options.make throws; what was opened before stays.
  /// Threads      safe from any thread.
  /// Cost         options.make, one after the other, on the calling thread.
  std::size_t prewarm(std::size_t count) { return this->core_->prewarm(count); }

  /// Ends the pool: who waits gets pool_errc::closed, as do all acquire() from now on; idle resources are
  /// closed, the others when they come back. Waits for these, but not longer than `grace`. May be called
  /// again.
  /// Returns      whether all have come back.
  /// Throws       nothing.
  /// Threads      as set_capacity(). One that holds a lease waits for itself.
  /// Cost         as set_capacity(), and the wait.
  bool close(std::chrono::nanoseconds grace = {}) noexcept {
    return this->core_->close(this->core_->clock().after(grace));
  }

  /// Returns      a snapshot of one instant.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         a short critical section under the pool's mutex.
  [[nodiscard]] resource_stats stats() const { return this->core_->stats(); }

  /// Does at once what the background thread does now and then: idle time-outs, lifetimes, checks,
  /// keep_at_least, reports of leases that are held for long.
  /// Throws       nothing.
  /// Threads      safe from any thread. What it calls runs on the calling thread, under no lock.
  /// Cost         a walk through what is idle or on loan, from the front again after each that it closes,
  ///              checks or reports; and options.check, on_close, make and on_leak.
  void look_after() noexcept { this->core_->look_after(); }

 private:
  // Its destructor is the core's own affair.
  struct core final : detail::typed_resource_core<R> {
    using detail::typed_resource_core<R>::typed_resource_core;
    const char* pool_type() const noexcept override { return typeid(resource_pool).name(); }
  };
  explicit resource_pool(core& c) noexcept : lease_source<R>(c, c.only_group()) { c.admit(); }
};

}  // namespace ebb
