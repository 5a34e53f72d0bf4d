// What a resource_pool is told.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <ebb/detail/resource_core.hpp>
#include <ebb/resource_stats.hpp>

namespace ebb {

/// An opening that options.make_async was asked for: say how it ended, once, from any thread. One that is
/// destroyed before is a failure. The pool may be gone meanwhile.
template <class R>
class [[nodiscard]] opening {
 public:
  opening(opening&& other) noexcept = default;
  opening& operator=(opening&& other) noexcept {
    opening(std::move(other)).state_.swap(state_);
    return *this;
  }
  ~opening() {
    if (state_ != nullptr) state_->core->drop_opening(*state_);
  }

  /// It is open: to whoever waits longest, or idle. Null is a failure.
  void succeed(std::unique_ptr<R> resource) && noexcept {
    if (state_ == nullptr || resource == nullptr) return;
    const auto state = std::exchange(state_, nullptr);
    state->core->end_opening(*state, resource.release(), nullptr);
  }
  /// It failed: to whoever had it begun, if they still wait, or else to whoever waits longest.
  void fail(std::exception_ptr why) && noexcept {
    if (state_ == nullptr || why == nullptr) return;
    const auto state = std::exchange(state_, nullptr);
    state->core->end_opening(*state, nullptr, why);
  }

  // The library's.
  explicit opening(std::shared_ptr<detail::resource_opening> state) noexcept : state_(std::move(state)) {}

 private:
  std::shared_ptr<detail::resource_opening> state_;
};

/// A state that a resource can be put into for its users: a search path, a time zone, a role. The same
/// object is the same setting: make one and share it. Both functions throw if they fail: what
/// apply throws reaches the caller, and the resource is closed; one that undo fails for is closed, too, and
/// another is taken.
template <class R>
struct resource_setting {
  std::function<void(R&)> apply;
  std::function<void(R&)> undo;
};

/// Options of a resource_pool. Times: 0 is never (and for check_after_idle: each time), the longest are 365
/// days.
template <class R>
struct resource_pool_options {
  /// Opens one. What it throws is thrown to the caller whose acquire() had it opened; null counts as
  /// std::logic_error. Without it R is default-constructed.
  std::function<std::unique_ptr<R>()> make = {};

  /// The same for those who do not block: begins to open one and returns; how it ended is said to the
  /// opening later. Who asked for one waits in the queue meanwhile, with its deadline; if it leaves, what
  /// was opened goes to others. Must not be given along with make.
  std::function<void(opening<R>)> make_async = {};

  /// How many may be open, being opened, or being closed at once. 1 .. 1,000,000.
  std::size_t capacity = 0;

  /// Whether one still works: asked before it is handed out when it was idle for check_after_idle, and
  /// while it is idle, every check_every. It has to make a round trip: nothing less sees a peer that is
  /// gone without a word (docs/resource_pool.md). Throwing counts as false.
  std::function<bool(R&)> check = {};
  std::chrono::milliseconds check_after_idle{0};
  std::chrono::milliseconds check_every{0};

  /// Puts one back into the state the next user expects, when it is given back; false, or an exception,
  /// closes it. Runs on the thread that gives it back.
  std::function<bool(R&)> on_return = {};

  /// Told before one is closed, on the thread that closes it. Must not throw.
  std::function<void(R&, close_reason)> on_close = {};

  /// How many callers may wait; the next is refused. With make_async who waits for one that is being opened
  /// counts, but is never refused if it had it begun.
  std::size_t max_waiters = static_cast<std::size_t>(-1);

  /// How many may be opened at the same time, 1 and more.
  std::size_t max_opening = static_cast<std::size_t>(-1);

  /// Which idle one comes next.
  idle_order order = idle_order::newest_first;

  /// One that nobody used for so long is closed, unless fewer than keep_at_least would be open.
  std::chrono::milliseconds idle_timeout{0};
  /// So many are kept open, and opened again in the background. 0 .. capacity.
  std::size_t keep_at_least = 0;

  /// One that was opened so long ago is closed when it comes back, also if it is never idle; plus a part of
  /// lifetime_jitter that is drawn once, when it is opened, so that those that were opened together are not
  /// closed together.
  std::chrono::milliseconds max_lifetime{0};
  std::chrono::milliseconds lifetime_jitter{0};

  /// After a failure nothing is opened for a while: retry_first, then twice as long each time up to
  /// retry_most, each time a random part of it from a half on. Callers wait meanwhile. 0: no pause.
  std::chrono::milliseconds retry_first{0};
  std::chrono::milliseconds retry_most{0};

  /// A lease that is held for longer is reported, once, with the place of its acquire(), on the background
  /// thread. Must not throw.
  std::chrono::milliseconds report_after{0};
  std::function<void(const leak_report&)> on_leak = {};

  /// For messages and statistics.
  std::string name = {};
};

/// Options of a keyed_resource_pool.
template <class Key, class R>
struct keyed_resource_pool_options {
  /// As those of resource_pool_options, told for which key. Exactly one of them.
  std::function<std::unique_ptr<R>(const Key&)> make = {};
  std::function<void(const Key&, opening<R>)> make_async = {};

  /// How many may be open for one key, 1 and more.
  std::size_t capacity_per_key = static_cast<std::size_t>(-1);

  /// What holds for all keys together: capacity is the common bound, max_waiters and max_opening count all
  /// of them, pauses after failures are each key's own. make, make_async and keep_at_least have no meaning.
  resource_pool_options<R> all = {};
};

}  // namespace ebb
