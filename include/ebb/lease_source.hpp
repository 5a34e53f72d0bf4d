// The ways to ask for a lease.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

#include <ebb/code_location.hpp>
#include <ebb/detail/resource_core.hpp>
#include <ebb/lease.hpp>
#include <ebb/pool_errc.hpp>

namespace ebb {

namespace detail {
template <class R, class Handler>
class asio_acquire;  // <ebb/asio.hpp>
}

template <class R>
class resource_pool;
template <class Key, class R, class Hash, class Equal>
class keyed_resource_pool;

/// Where leases come from: a resource_pool, one with a setting (resource_pool::with), or one key of a
/// keyed_resource_pool (at). It and its copies may outlive the pool: then there are no more leases.
template <class R>
class lease_source {
 public:
  lease_source(const lease_source& other) noexcept
      : lease_source(*other.core_, *other.group_, other.setting_) {}
  lease_source& operator=(lease_source other) noexcept {
    std::swap(core_, other.core_);
    std::swap(group_, other.group_);
    std::swap(setting_, other.setting_);
    return *this;
  }
  ~lease_source() { core_->unkeep(*group_); }

  /// Takes an idle resource, or opens one, or waits until one comes back or may be opened.
  /// Returns      a lease; with an error_code, an empty one and why.
  /// Throws       std::system_error with a pool_errc, unless an error_code is given; always what
  ///              options.make or the setting throws, and std::bad_alloc.
  /// Threads      safe from any thread.
  /// Cost         idle: two short critical sections under one mutex for it and its return, and
  ///              options.check if it is due. Otherwise options.make, or the wait. A deadline does not end
  ///              options.make: give it one of its own, or use options.make_async.
  /// Ordering     what was done to the resource before it was given back happens-before the acquire() that
  ///              returns it.
  [[nodiscard]] lease<R> acquire(code_location where = code_location::current()) {
    return or_throw({.where = where});
  }
  [[nodiscard]] lease<R> acquire(std::error_code& refused, code_location where = code_location::current()) {
    return or_say({.where = where}, refused);
  }
  /// The same, until `stop` is asked to stop: pool_errc::cancelled.
  [[nodiscard]] lease<R> acquire(std::stop_token stop, code_location where = code_location::current()) {
    return or_throw({.stop = std::move(stop), .where = where});
  }
  [[nodiscard]] lease<R> acquire(std::stop_token stop, std::error_code& refused,
                                 code_location where = code_location::current()) {
    return or_say({.stop = std::move(stop), .where = where}, refused);
  }
  /// The same, until a time: pool_errc::timed_out.
  [[nodiscard]] lease<R> acquire_until(std::chrono::steady_clock::time_point deadline,
                                       code_location where = code_location::current()) {
    return or_throw({.deadline = deadline, .where = where});
  }
  [[nodiscard]] lease<R> acquire_until(std::chrono::steady_clock::time_point deadline,
                                       std::error_code& refused,
                                       code_location where = code_location::current()) {
    return or_say({.deadline = deadline, .where = where}, refused);
  }
  [[nodiscard]] lease<R> acquire_for(std::chrono::nanoseconds longest,
                                     code_location where = code_location::current()) {
    return or_throw({.longest = longest, .where = where});
  }
  [[nodiscard]] lease<R> acquire_for(std::chrono::nanoseconds longest, std::error_code& refused,
                                     code_location where = code_location::current()) {
    return or_say({.longest = longest, .where = where}, refused);
  }

  /// Takes an idle resource, or opens one where a place is free; never waits for another caller, nor for
  /// options.make_async, which it only has begun.
  /// Returns      a lease, or an empty one: pool_errc::not_available, or closed.
  /// Throws       what options.make or the setting throws.
  /// Threads      safe from any thread.
  [[nodiscard]] lease<R> try_acquire(code_location where = code_location::current()) {
    std::error_code refused;
    return try_acquire(refused, where);
  }
  [[nodiscard]] lease<R> try_acquire(std::error_code& refused,
                                     code_location where = code_location::current()) {
    return or_say({.waits = false, .where = where}, refused);
  }

  /// acquire() for whoever must not block: a coroutine, or a callback. #include <ebb/asio.hpp>, which says
  /// how. All who wait stand in one queue, threads and coroutines.
  template <class CompletionToken>
  auto async_acquire(CompletionToken&& token, code_location where = code_location::current());
  template <class CompletionToken>
  auto async_acquire_until(std::chrono::steady_clock::time_point deadline, CompletionToken&& token,
                           code_location where = code_location::current());
  template <class CompletionToken>
  auto async_acquire_for(std::chrono::nanoseconds longest, CompletionToken&& token,
                         code_location where = code_location::current());

 protected:
  lease_source(detail::resource_core& core, detail::resource_group& group,
               detail::setting_id setting = nullptr) noexcept
      : core_(&core), group_(&group), setting_(std::move(setting)) {
    core_->keep(group);
  }

  detail::resource_core* core_;

 private:
  template <class, class>
  friend class detail::asio_acquire;
  friend class resource_pool<R>;
  template <class, class, class, class>
  friend class keyed_resource_pool;

  [[nodiscard]] lease<R> or_say(const detail::resource_core::request& wanted, std::error_code& refused) {
    refused.clear();
    return {core_, core_->acquire(*group_, setting_, wanted, refused)};
  }
  [[nodiscard]] lease<R> or_throw(const detail::resource_core::request& wanted) {
    std::error_code refused;
    lease<R> got = or_say(wanted, refused);
    if (refused) [[unlikely]]
      throw std::system_error(refused, core_->title());
    return got;
  }

  detail::resource_group* group_;
  detail::setting_id setting_;
};

}  // namespace ebb
