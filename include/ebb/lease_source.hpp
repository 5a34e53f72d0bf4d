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
  ///              options.check if it is due. Otherwise options.make, or the wait; and on_close and a
  ///              destructor for each that it finds over, until the deadline. A deadline does not end
  ///              options.make: give it one of its own, or use options.make_async.
  /// Ordering     what was done to the resource before it was given back happens-before the acquire() that
  ///              returns it.
  [[nodiscard]] lease<R> acquire(code_location where = code_location::current()) {
    return or_throw(where, [&] { return request{.where = where}; });
  }
  [[nodiscard]] lease<R> acquire(std::error_code& refused, code_location where = code_location::current()) {
    return or_say(refused, where, [&] { return request{.where = where}; });
  }
  /// The same, until `stop` is asked to stop: pool_errc::cancelled.
  [[nodiscard]] lease<R> acquire(std::stop_token stop, code_location where = code_location::current()) {
    return or_throw(where, [&] { return request{.stop = std::move(stop), .where = where}; });
  }
  [[nodiscard]] lease<R> acquire(std::stop_token stop, std::error_code& refused,
                                 code_location where = code_location::current()) {
    return or_say(refused, where, [&] { return request{.stop = std::move(stop), .where = where}; });
  }
  /// The same, until a time: pool_errc::timed_out.
  [[nodiscard]] lease<R> acquire_until(std::chrono::steady_clock::time_point deadline,
                                       code_location where = code_location::current()) {
    return or_throw(where, [&] { return request{.deadline = deadline, .where = where}; });
  }
  [[nodiscard]] lease<R> acquire_until(std::chrono::steady_clock::time_point deadline,
                                       std::error_code& refused,
                                       code_location where = code_location::current()) {
    return or_say(refused, where, [&] { return request{.deadline = deadline, .where = where}; });
  }
  [[nodiscard]] lease<R> acquire_for(std::chrono::nanoseconds longest,
                                     code_location where = code_location::current()) {
    return or_throw(where, [&] { return request{.longest = longest, .where = where}; });
  }
  [[nodiscard]] lease<R> acquire_for(std::chrono::nanoseconds longest, std::error_code& refused,
                                     code_location where = code_location::current()) {
    return or_say(refused, where, [&] { return request{.longest = longest, .where = where}; });
  }

  /// Takes an idle resource, or opens one where a place is free; never waits for another caller, nor for
  /// options.make_async, which it only has begun.
  /// Returns      a lease, or an empty one: pool_errc::not_available, or closed.
  /// Throws       what options.make or the setting throws, and std::bad_alloc.
  /// Threads      safe from any thread.
  /// Cost         idle: as acquire(). Otherwise options.make, or a short critical section; and on_close and
  ///              a destructor for each that it finds over, of old age or because of reset().
  [[nodiscard]] lease<R> try_acquire(code_location where = code_location::current()) {
    std::error_code refused;
    return try_acquire(refused, where);
  }
  [[nodiscard]] lease<R> try_acquire(std::error_code& refused,
                                     code_location where = code_location::current()) {
    return or_say(refused, where, [&] { return request{.waits = false, .where = where}; });
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

  using request = detail::resource_core::request;

  // `wanted` makes the request, which a hit has no use for.
  template <class Wanted>
  [[nodiscard]] lease<R> or_say(std::error_code& refused, const code_location& where, Wanted wanted) {
    refused.clear();
    if (detail::resource_entry* const e = hit(where)) [[likely]]
      return {core_, e};
    return {core_, core_->acquire(*group_, setting_, wanted(), refused)};
  }
  template <class Wanted>
  [[nodiscard]] lease<R> or_throw(const code_location& where, Wanted wanted) {
    if (detail::resource_entry* const e = hit(where)) [[likely]]
      return {core_, e};
    return miss_or_throw(wanted());
  }
  [[nodiscard]] EBB_SLOW_PATH lease<R> miss_or_throw(const request& wanted) {
    std::error_code refused;
    lease<R> got(core_, core_->acquire(*group_, setting_, wanted, refused));
    if (refused) throw std::system_error(refused, core_->title());
    return got;
  }
  [[nodiscard]] detail::resource_entry* hit(const code_location& where) noexcept {
    return core_->take_now(*group_, setting_, where);
  }

  detail::resource_group* group_;
  detail::setting_id setting_;
};

}  // namespace ebb
