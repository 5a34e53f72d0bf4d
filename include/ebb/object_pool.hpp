// object_pool<T>: temporary objects that any thread takes and gives back at the price of a thread-local
// list, and that go away when nobody needs them. A thin typed shell over detail/pool_core.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <ebb/detail/checks.hpp>
#include <ebb/detail/pool_core.hpp>
#include <ebb/stats.hpp>
#include <ebb/unlimited.hpp>

namespace ebb {

// Programs built with EBB_CHECKED get types of their own, so that they cannot be mixed up at link time.
#if EBB_CHECKED
inline namespace checked {
#endif

template <class T>
class object_pool;

/// What an object_pool<T> does at the stations of an object's life. Members may be left out.
template <class T>
struct object_pool_options {
  /// Makes an object when nothing is idle. Empty: std::make_unique<T>(). Must not return null.
  /// Runs on the thread that called get(), under no lock; may use any pool; may throw.
  std::function<std::unique_ptr<T>()> make = {};

  /// Prepares an object for its next user; false, or an exception, destroys it instead.
  /// Runs on the thread that puts, under no lock; may use any pool. Empty: objects are kept as they are.
  std::function<bool(T&)> recycle = {};

  /// Idle objects kept at most, 0 .. unlimited. What is over is destroyed by put(). The room a shard has
  /// set aside for its next puts counts as used, up to half of the bound.
  std::size_t max_idle = unlimited;

  /// For messages and statistics; need not be unique.
  std::string name = {};

  /// Objects a shard may keep loaded, out of other threads' reach, 1 .. 62: one until a burst was seen,
  /// then up to this. Fewer for objects that are large or dear, where making one costs more than a steal.
  std::uint32_t max_loaded = detail::max_capacity;
};

/// Owns one object taken from a pool; its destructor puts the object back. Move-only, never shared.
/// Must not outlive the pool (checked builds stop the program when the pool dies first).
template <class T>
class pooled {
 public:
  pooled() noexcept = default;
  pooled(pooled&& other) noexcept : object_(std::exchange(other.object_, nullptr)), pool_(other.pool_) {}
  EBB_FAST_PATH pooled& operator=(pooled&& other) noexcept {
    replace(std::exchange(other.object_, nullptr), other.pool_);  // also right for itself
    return *this;
  }
  EBB_FAST_PATH ~pooled() {
    if (object_ != nullptr) pool_->put_back(object_);
  }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }

  /// Puts the object back now; the handle is empty afterwards.
  EBB_FAST_PATH void reset() noexcept { replace(nullptr, nullptr); }
  void swap(pooled& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(pool_, other.pool_);
  }
  friend void swap(pooled& a, pooled& b) noexcept { a.swap(b); }

  /// Takes the object out of the pool's care for good.
  /// Returns      the object; null if the handle is empty.
  /// Throws       nothing.
  /// Threads      one thread at a time, like any other object.
  /// Cost         one relaxed increment.
  [[nodiscard]] std::unique_ptr<T> detach() && noexcept {
    if (object_ != nullptr) pool_->let_go(object_);
    return std::unique_ptr<T>(std::exchange(object_, nullptr));
  }

 private:
  friend class object_pool<T>;
  pooled(T* object, object_pool<T>* pool) noexcept : object_(object), pool_(pool) {}
  EBB_FAST_PATH void replace(T* object, object_pool<T>* pool) noexcept {
    if (object_ != nullptr) [[unlikely]]
      pool_->put_back(object_);
    object_ = object;
    pool_ = pool;
  }

  T* object_ = nullptr;
  object_pool<T>* pool_ = nullptr;
};

/// A pool of temporary objects. May be a local, a member, a function static or a global; must outlive
/// its handles. Nothing is allocated before the first put.
///
///     ebb::object_pool<parser> parsers;
///     {
///       ebb::pooled<parser> p = parsers.get();   // a used one, or a new one
///       p->parse(text);
///     }                                          // back in the pool
template <class T>
class object_pool {
 public:
  using options = object_pool_options<T>;

  /// A pool that makes objects with std::make_unique<T>().
  object_pool() requires std::default_initializable<T> : object_pool(options{}) {}

  /// A pool that makes objects with `make`.
  template <class Make>
    requires(!std::same_as<std::remove_cvref_t<Make>, object_pool> &&
             !std::same_as<std::remove_cvref_t<Make>, options> &&
             std::is_invocable_r_v<std::unique_ptr<T>, Make&>)
  explicit object_pool(Make&& make) : object_pool(options{.make = std::forward<Make>(make)}) {}

  /// A pool with options.
  /// Throws       std::invalid_argument when `make` is empty and T has no default constructor, or when
  ///              `max_loaded` is out of range.
  explicit object_pool(options o)
      : core_({.destroy = destroy,
               .context = nullptr,
               .bytes = sizeof(T),
               .pool_type = typeid(object_pool).name()},
              {.max_idle = o.max_idle, .max_loaded = o.max_loaded}, std::move(o.name)),
        make_(std::move(o.make)),
        recycle_(std::move(o.recycle)) {
    if (!make_ && !std::default_initializable<T>) {
      throw std::invalid_argument("ebb::object_pool \"" + core_.name() +
                                  "\": options.make is empty, and T has no default constructor; "
                                  "give a function that returns std::unique_ptr<T>");
    }
  }

  /// Destroys what is idle. No other thread may be using the pool, and no handle may be out.
  ~object_pool() {
    detail::checks::pool_dies(core_);
    core_.close();
  }

  object_pool(const object_pool&) = delete;
  object_pool& operator=(const object_pool&) = delete;

  /// Takes an object from the pool, or makes one.
  /// Returns      an owning handle; its destructor puts the object back.
  /// Throws       what options.make throws, and std::logic_error if that returned null.
  /// Threads      safe from any thread.
  /// Cost         hit: O(1), no lock, no syscall, no allocation. miss: O(CPUs) probes, then make().
  /// Ordering     what was done to the object before put() happens-before the get() that returns it.
  /// Unlike Go    a handle, never empty.                                        [sync.Pool.Get]
  [[nodiscard]] EBB_FAST_PATH pooled<T> get() {
    if (T* object = idle_object()) [[likely]]
      return {object, this};
    return {make_one(), this};
  }

  /// Takes an object if one is idle.
  /// Returns      an owning handle, or an empty one.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         as get(), without make().
  /// Ordering     as get().
  /// Unlike Go    a call of its own; in Go, Get with a nil New.
  [[nodiscard]] EBB_FAST_PATH pooled<T> try_get() noexcept {
    if (T* object = idle_object()) return {object, this};
    return {};
  }

  /// Takes `count` objects, and makes those that are missing, into an output iterator of pooled<T>.
  /// Returns      the iterator after the last handle.
  /// Throws       what options.make throws; handles already written stay valid.
  /// Threads      safe from any thread.
  /// Cost         one critical section for up to 62 objects instead of one for each.
  /// Ordering     as get().
  /// Unlike Go    Go has no bulk operations.
  template <std::output_iterator<pooled<T>> Out>
  Out get_n(Out out, std::size_t count) {
    void* idle[bulk];
    while (count > 0) {
      const std::size_t found = core_.get_n(idle, std::min(count, bulk));
      if (found == 0) break;
      hand_out rest{this, idle, found};  // puts back what an iterator that throws leaves behind
      for (; rest.next < found; ++out) *out = rest.take();
      count -= found;
    }
    core_.count(detail::event::missed, count);
    for (; count > 0; --count, ++out) *out = pooled<T>(make_one(), this);
    return out;
  }

  /// Fills a span with handles; those it held before are put back.
  void get_n(std::span<pooled<T>> out) {
    void* idle[bulk];
    while (!out.empty()) {
      const std::size_t found = core_.get_n(idle, std::min(out.size(), bulk));
      if (found == 0) break;
      for (std::size_t i = 0; i < found; ++i) out[i].replace(wake(idle[i]), this);
      out = out.subspan(found);
    }
    core_.count(detail::event::missed, out.size());
    for (pooled<T>& handle : out) handle.replace(make_one(), this);
  }

  /// Gives an object to the pool, also one it did not make. Null is ignored.
  /// Returns      nothing: if the object cannot be kept it is destroyed and counted.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         hit: recycle(), then O(1), no lock, no syscall, no allocation. miss: one magazine
  ///              moves to the depot.
  /// Ordering     see get().
  /// Unlike Go    the pool owns it: nobody else may touch it afterwards.       [sync.Pool.Put]
  void put(std::unique_ptr<T> object) noexcept {
    if (object == nullptr) return;
    detail::checks::adopts(core_, object.get());
    put_back(object.release());
  }

  /// Gives many objects at once: handles (of this pool) or std::unique_ptr<T>. Empty ones are ignored.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         one critical section for up to 62 objects instead of one for each.
  /// Ordering     see get().
  void put_n(std::span<pooled<T>> handles) noexcept {
    put_all(handles, [](pooled<T>& h) { return std::exchange(h.object_, nullptr); });
  }
  void put_n(std::span<std::unique_ptr<T>> objects) noexcept {
    put_all(objects, [this](std::unique_ptr<T>& o) {
      if (o != nullptr) detail::checks::adopts(core_, o.get());
      return o.release();
    });
  }

  /// Returns      a snapshot of what the pool did and holds.
  /// Throws       nothing.
  /// Threads      safe from any thread; never slows a hit.
  /// Cost         O(shards) loads.
  [[nodiscard]] pool_stats stats() const noexcept { return core_.stats(); }

  /// Returns      the name given in the options.
  [[nodiscard]] const std::string& name() const noexcept { return core_.name(); }

 private:
  friend class pooled<T>;
  static constexpr std::size_t bulk = detail::max_capacity;

  struct hand_out {
    object_pool* pool;
    void** objects;
    std::size_t count;
    std::size_t next = 0;
    ~hand_out() {
      while (next < count) (void)take();
    }
    pooled<T> take() { return {pool->wake(objects[next++]), pool}; }
  };

  // LIFE 5/5 destroyed: by a cycle, by a put that cannot keep it, or with the pool.
  static void destroy(void* object, void* /*context*/) noexcept {
    detail::checks::dies(object, sizeof(T));
    delete static_cast<T*>(object);
  }

  EBB_FAST_PATH T* idle_object() noexcept {
    detail::checks::before_get(core_);
    void* object = core_.get();
    return object != nullptr ? wake(object) : nullptr;
  }

  EBB_FAST_PATH T* wake(void* object) noexcept {
    detail::checks::leaves(core_, object, sizeof(T));
    return static_cast<T*>(object);
  }

  EBB_SLOW_PATH T* make_one() {
    std::unique_ptr<T> object;
    if (make_) {
      object = make_();
    } else if constexpr (std::default_initializable<T>) {
      object = std::make_unique<T>();
    }
    if (object == nullptr) {
      throw std::logic_error("ebb::object_pool \"" + core_.name() + "\": options.make returned null");
    }
    core_.count(detail::event::made);
    detail::checks::made(core_, object.get());
    return object.release();
  }

  // LIFE 2/5 use ends: the handle dies, recycle() decides, and the object goes to the core.
  EBB_FAST_PATH void put_back(T* object) noexcept {
    detail::checks::returns(core_, object);
    if (recycle_) [[unlikely]] {  // not rare, but a call in any case: keep it off the straight line
      if (!recycled(object)) return core_.drop(object, detail::event::dropped_rejected);
    }
    if (detail::checks::enters(core_, object, sizeof(T))) core_.put(object);
  }

  EBB_SLOW_PATH bool recycled(T* object) noexcept {
    try {
      return recycle_(*object);
    } catch (...) {
      return false;  // whatever state it is in, nobody gets to see it
    }
  }

  void let_go(T* object) noexcept {
    detail::checks::detaches(core_, object);
    core_.count(detail::event::detached);
  }

  template <class Item, class Release>
  void put_all(std::span<Item> items, Release release) noexcept {
    void* kept[bulk];
    std::size_t count = 0;
    for (Item& item : items) {
      T* object = release(item);
      if (object == nullptr) continue;
      detail::checks::returns(core_, object);
      if (recycle_ && !recycled(object)) {
        core_.drop(object, detail::event::dropped_rejected);
      } else if (detail::checks::enters(core_, object, sizeof(T))) {
        kept[count++] = object;
        if (count == bulk) core_.put_n(kept, std::exchange(count, 0));
      }
    }
    if (count > 0) core_.put_n(kept, count);
  }

  detail::pool_core core_;  // first: its hot words then need no offset
  std::function<std::unique_ptr<T>()> make_;
  std::function<bool(T&)> recycle_;
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
