// The seam of the demo: one pool interface, three ways to serve it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ebb/object_pool.hpp>

#include "sharded_counter.hpp"

namespace catalog {

enum class pool_mode {
  ebb,    ///< ebb::object_pool.
  mutex,  ///< a vector behind a mutex, which never gives memory back.
  none,   ///< a new object for every use.
};

[[nodiscard]] constexpr const char* name_of(pool_mode mode) noexcept {
  switch (mode) {
    case pool_mode::ebb: return "ebb";
    case pool_mode::mutex: return "mutex";
    case pool_mode::none: return "none";
  }
  return "";
}

/// What people write when they have no pool library. Its objects stay until the program ends.
template <class T>
class mutex_pool {
 public:
  struct put_back {
    mutex_pool* pool = nullptr;
    void operator()(T* object) const noexcept { pool->put(std::unique_ptr<T>(object)); }
  };
  using handle = std::unique_ptr<T, put_back>;

  explicit mutex_pool(std::function<bool(T&)> recycle) : recycle_(std::move(recycle)) {}

  /// Returns      an idle object, or an empty handle.
  [[nodiscard]] handle try_get() {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return {};
    handle object = adopt(std::move(idle_.back()));
    idle_.pop_back();
    return object;
  }

  [[nodiscard]] handle adopt(std::unique_ptr<T> object) noexcept {
    return handle(object.release(), put_back{this});
  }

  [[nodiscard]] std::size_t idle() const {
    const std::scoped_lock lock(mutex_);
    return idle_.size();
  }

 private:
  void put(std::unique_ptr<T> object) {
    if (!recycle_(*object)) return;
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(object));
  }

  std::function<bool(T&)> recycle_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;  // under mutex_
};

/// Lends objects of type T in the way the command line chose.
template <class T>
class any_pool {
 public:
  /// Owns one object; its destructor does with it what the mode says.
  class handle {
   public:
    handle() noexcept = default;
    [[nodiscard]] T* get() const noexcept {
      return std::visit([](const auto& owner) -> T* { return owner.get(); }, owner_);
    }
    [[nodiscard]] T& operator*() const noexcept { return *get(); }
    [[nodiscard]] T* operator->() const noexcept { return get(); }
    [[nodiscard]] explicit operator bool() const noexcept { return get() != nullptr; }

   private:
    friend class any_pool;
    using any_owner = std::variant<std::unique_ptr<T>, typename mutex_pool<T>::handle, ebb::pooled<T>>;
    explicit handle(any_owner o) noexcept : owner_(std::move(o)) {}
    any_owner owner_;
  };

  any_pool(pool_mode mode, ebb::object_pool_options<T> o)
      : mode_(mode), make_(o.make), mutex_pool_(o.recycle), ebb_pool_(std::move(o)) {}

  [[nodiscard]] handle get() {
    switch (mode_) {
      case pool_mode::ebb: return handle(ebb_pool_.get());
      case pool_mode::mutex: return handle(get_under_mutex());
      case pool_mode::none: break;
    }
    return handle(make());
  }

  /// Returns      what the mode knows: everything for ebb, `made` and `idle` for the others.
  [[nodiscard]] ebb::pool_stats stats() const {
    if (mode_ == pool_mode::ebb) return ebb_pool_.stats();
    return {.made = static_cast<std::uint64_t>(made_.total()), .idle = mutex_pool_.idle()};
  }

  [[nodiscard]] const std::string& name() const noexcept { return ebb_pool_.name(); }

 private:
  typename mutex_pool<T>::handle get_under_mutex() {
    if (auto object = mutex_pool_.try_get()) return object;
    return mutex_pool_.adopt(make());
  }

  std::unique_ptr<T> make() {
    made_.add(1);
    return make_();
  }

  pool_mode mode_;
  std::function<std::unique_ptr<T>()> make_;
  sharded_counter made_;  // by the modes mutex and none; ebb keeps its own statistics
  mutex_pool<T> mutex_pool_;
  ebb::object_pool<T> ebb_pool_;
};

}  // namespace catalog
