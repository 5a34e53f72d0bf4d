// Bounded pools for coroutines and callbacks on Boost.Asio. The library itself does not need Boost; this
// header does: 1.77 or later, which has cancellation slots.
#pragma once

#include <boost/version.hpp>
#if BOOST_VERSION < 107700
#error "ebb/asio.hpp needs Boost 1.77 or later (Debian 12: libboost1.81-dev)"
#endif

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include <ebb/lease_source.hpp>

namespace ebb {

namespace detail {

// An acquire() that waits on an executor. Everything happens on a strand of its own; only wake() comes
// from elsewhere, under the core's mutex. Between its steps its timer waits, and that wait owns it: if the
// execution context is destroyed so is this, and what it was granted goes to others.
template <class R, class Handler>
class asio_acquire final : public resource_waiter,
                           public std::enable_shared_from_this<asio_acquire<R, Handler>> {
 public:
  using executor = boost::asio::associated_executor_t<Handler>;

  asio_acquire(lease_source<R> source, resource_time until, code_location called_from, Handler handler)
      : source_(std::move(source)),
        handler_(std::move(handler)),
        strand_(boost::asio::make_strand(boost::asio::get_associated_executor(handler_))),
        timer_(strand_) {
    group = source_.group_;
    setting = source_.setting_;
    deadline = until;
    where = called_from;
  }
  ~asio_acquire() {
    if (!is_done_) source_.core_->drop(*this);
  }

  static void start(lease_source<R> source, resource_time deadline, code_location where, Handler handler) {
    // A hit needs none of what follows; but never calls back from within its caller.
    if (resource_entry* const e = source.core_->take_now(*source.group_, source.setting_, where)) {
      auto on = boost::asio::get_associated_executor(handler);
      return boost::asio::post(on,
                               [handler = std::move(handler), got = lease<R>(source.core_, e)]() mutable {
                                 std::move(handler)(std::exception_ptr(), std::move(got));
                               });
    }
    const auto self =
        std::make_shared<asio_acquire>(std::move(source), deadline, where, std::move(handler));
    // At once: the next that the caller does may be to cancel.
    self->listen_for_cancellation();
    boost::asio::post(self->strand_, [self] { self->go_on(); });
  }

  // Owns nothing: this is under the core's mutex, and an execution context that is being destroyed destroys
  // what is posted to it at once. Its destructor needs that mutex, so strand_ is there until this returns.
  void wake() noexcept override {
    boost::asio::post(strand_, [weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->go_on();
    });
  }

 private:
  void listen_for_cancellation() {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    slot.assign([weak = this->weak_from_this()](boost::asio::cancellation_type type) {
      if (type == boost::asio::cancellation_type::none) return;
      const auto self = weak.lock();
      if (self == nullptr) return;
      boost::asio::post(self->strand_, [self] {
        self->is_cancelled_ = true;
        self->go_on();
      });
    });
  }

  void go_on() {
    if (is_done_) return;
    resource_time look_at = resource_clock::never;
    auto came_to = source_.core_->advance(*this, look_at);
    // It is no longer queued after that. But what it had been granted meanwhile may turn out broken.
    while (is_cancelled_ && came_to == resource_core::step::waits) {
      source_.core_->give_up(*this, pool_errc::cancelled);
      came_to = source_.core_->advance(*this, look_at);
    }
    if (came_to == resource_core::step::waits) return wait_until(std::min(deadline, look_at));
    is_done_ = true;
    timer_.cancel();
    boost::asio::get_associated_cancellation_slot(handler_).clear();
    finish(came_to == resource_core::step::got ? lease<R>(source_.core_, entry) : lease<R>());
  }

  void wait_until(resource_time at) {
    timer_.expires_at(at);
    timer_.async_wait([self = this->shared_from_this()](const boost::system::error_code& stopped) {
      if (stopped || self->is_done_) return;
      if (std::chrono::steady_clock::now() >= self->deadline) {
        self->source_.core_->give_up(*self, pool_errc::timed_out);
      }  // else a pause is over
      self->go_on();
    });
  }

  void finish(lease<R> got) {
    std::exception_ptr why = failed;
    if (!why && refused) why = std::make_exception_ptr(std::system_error(refused, source_.core_->title()));
    auto on = boost::asio::get_associated_executor(handler_);
    boost::asio::dispatch(on, [handler = std::move(handler_), why, got = std::move(got)]() mutable {
      std::move(handler)(why, std::move(got));
    });
  }

  const lease_source<R> source_;
  Handler handler_;
  boost::asio::strand<executor> strand_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::strand<executor>>
      timer_;
  bool is_done_ = false;       // on the strand
  bool is_cancelled_ = false;  // likewise
};

}  // namespace detail

/// acquire() for coroutines and callbacks. Waits in the same queue as threads do.
/// Returns      what the completion token makes of `void(std::exception_ptr, lease<R>)`: to a coroutine
///              the lease, or an exception as acquire() throws it.
/// Threads      safe from any thread. Completes on the executor of the token's handler, never from within
///              this call. options.make, check and settings run there, too, and block it: use
///              options.make_async and check_every where that matters.
/// Cost         idle: one critical section, and one post(). Otherwise an allocation, and a timer.
///
/// Cancellation (a cancellation slot, of any type) ends the wait with pool_errc::cancelled. If the
/// execution context is destroyed, who waits leaves the queue, and what they were granted goes to others.
///
///     ebb::lease<connection> c = co_await pool.async_acquire(boost::asio::use_awaitable);
template <class R>
template <class CompletionToken>
auto lease_source<R>::async_acquire_until(std::chrono::steady_clock::time_point deadline,
                                          CompletionToken&& token, code_location where) {
  return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr, lease<R>)>(
      [](auto handler, lease_source source, detail::resource_time until, code_location called_from) {
        using handler_type = std::decay_t<decltype(handler)>;
        detail::asio_acquire<R, handler_type>::start(std::move(source), until, called_from,
                                                     std::move(handler));
      },
      token, lease_source(*this), deadline, where);
}

template <class R>
template <class CompletionToken>
auto lease_source<R>::async_acquire(CompletionToken&& token, code_location where) {
  return async_acquire_until(detail::resource_clock::never, std::forward<CompletionToken>(token), where);
}

template <class R>
template <class CompletionToken>
auto lease_source<R>::async_acquire_for(std::chrono::nanoseconds longest, CompletionToken&& token,
                                        code_location where) {
  return async_acquire_until(core_->clock().after(longest), std::forward<CompletionToken>(token), where);
}

}  // namespace ebb
