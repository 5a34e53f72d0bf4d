// A resource of a resource_pool, on loan.
#pragma once

#include <memory>
#include <utility>

#include <ebb/detail/resource_core.hpp>

namespace ebb {

template <class R>
class lease_source;
namespace detail {
template <class R, class Handler>
class asio_acquire;  // <ebb/asio.hpp>
}

/// A resource that is the caller's until this dies. Outlives its pool if need be. One thread at a time may
/// use it, and another than acquired it may give it back.
template <class R>
class [[nodiscard]] lease {
 public:
  /// Empty.
  lease() noexcept = default;
  lease(lease&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), entry_(std::exchange(other.entry_, nullptr)) {}
  lease& operator=(lease&& other) noexcept {
    lease(std::move(other)).swap(*this);
    return *this;
  }
  ~lease() { reset(); }

  [[nodiscard]] R* get() const noexcept {
    return entry_ != nullptr ? static_cast<R*>(entry_->resource) : nullptr;
  }
  [[nodiscard]] R& operator*() const noexcept { return *get(); }
  [[nodiscard]] R* operator->() const noexcept { return get(); }
  [[nodiscard]] explicit operator bool() const noexcept { return entry_ != nullptr; }

  /// Gives it back now, to who waits longest if anybody does; the lease is empty afterwards.
  /// Throws       nothing.
  /// Cost         options.on_return, and a short critical section; for one that does not stay, on_close and
  ///              its destructor, under no lock.
  /// Ordering     what was done to it happens-before the acquire() that returns it next.
  void reset() noexcept {
    if (entry_ != nullptr) core_->give_back(*std::exchange(entry_, nullptr));
  }
  /// It is broken: it is closed now, with the reason close_reason::broken, and its place is free; the lease
  /// is empty afterwards.
  /// Throws       nothing.
  /// Cost         two short critical sections; between them, under no lock, on_close and its destructor.
  void discard() noexcept {
    if (entry_ != nullptr) core_->discard(*std::exchange(entry_, nullptr));
  }
  /// Takes it out of the pool for good; its place is free. on_close does not hear of it.
  /// Returns      the resource, null from an empty lease.
  /// Throws       nothing.
  /// Cost         a short critical section.
  [[nodiscard]] std::unique_ptr<R> detach() && noexcept {
    if (entry_ == nullptr) return nullptr;
    return std::unique_ptr<R>(static_cast<R*>(core_->detach(*std::exchange(entry_, nullptr))));
  }
  void swap(lease& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(entry_, other.entry_);
  }
  friend void swap(lease& a, lease& b) noexcept { a.swap(b); }

 private:
  friend class lease_source<R>;
  template <class, class>
  friend class detail::asio_acquire;
  lease(detail::resource_core* core, detail::resource_entry* entry) noexcept : core_(core), entry_(entry) {}

  detail::resource_core* core_ = nullptr;
  detail::resource_entry* entry_ = nullptr;
};

}  // namespace ebb
