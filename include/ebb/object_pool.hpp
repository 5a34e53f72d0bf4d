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

  /// Idle objects kept at most, 0 .. unlimited. A put that finds no room destroys objects that nobody has
  /// used since the last cycle, or else its own. The room a shard has set aside for its next puts counts as
  /// used, up to half of the bound.
  std::size_t max_idle = unlimited;

  /// The same in bytes, 0 .. unlimited. Each idle object counts for as much as the largest that was put in
  /// this cycle and the one before, by `bytes`, rounded up by at most an eighth.
  std::size_t max_idle_bytes = unlimited;

  /// What an object is large, all it owns included, in bytes. Empty: sizeof(T). Runs on the thread that
  /// puts, under no lock, after `recycle`; may use any pool. An object larger than max_idle_bytes, or one
  /// for which this throws (then as eviction_reason::rejected), is destroyed.
  std::function<std::size_t(const T&)> bytes = {};

  /// As many idle objects survive ageing, and no more if nobody uses them: 0 .. max_idle. Budgets, pressure
  /// and drain() do not spare them.
  std::size_t keep_at_least = 0;

  /// Called once for each object that the pool destroys, before it does, and why. Not for objects that are
  /// in use, nor for those that leave by detach(). Runs on the thread that destroys: that of a cycle, or of
  /// a put that cannot keep the object; under no lock; may use any pool. An exception ends the program.
  std::function<void(T&, eviction_reason)> on_evict = {};

  /// Whose idle objects a get may take.
  steal stealing = steal::all;

  /// For messages and statistics; need not be unique.
  std::string name = "";  // not {}: see tests/package/main.cpp

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
  // pool_ only where there is an object: read with object_ as one word of 16 bytes it would have to wait
  // until both stores of a handle that was just made have left the store buffer.
  pooled(pooled&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {
    if (object_ != nullptr) pool_ = other.pool_;
  }
  EBB_FAST_PATH pooled& operator=(pooled&& other) noexcept {
    // Also right for itself. The old one is put last, when nothing is read any more that it may own:
    // `other` may be a part of it, and what the pool calls may come back to this handle.
    T* const object = std::exchange(other.object_, nullptr);
    object_pool<T>* const old_pool = pool_;
    if (object != nullptr) pool_ = other.pool_;
    T* const old = std::exchange(object_, object);
    if (old != nullptr) [[unlikely]]
      old_pool->put_back(old);
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
  EBB_FAST_PATH void reset() noexcept {
    T* const object = std::exchange(object_, nullptr);
    if (object != nullptr) [[unlikely]]  // not rare: measured, see docs/costs.md
      pool_->put_back(object);
  }
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

  T* object_ = nullptr;
  object_pool<T>* pool_ = nullptr;
};

/// A pool of temporary objects. May be a local, a member, a function static or a global; must outlive
/// its handles. Nothing but the options' functions is allocated before the first put.
///
///     ebb::object_pool<parser> parsers;
///     {
///       ebb::pooled<parser> p = parsers.get();   // a used one, or a new one
///       p->parse(text);
///     }                                          // back in the pool
template <class T>
class object_pool {
  static_assert(std::is_object_v<T> && !std::is_array_v<T> && std::same_as<T, std::remove_cv_t<T>>,
                "a pool is of objects that their users may change: no const, no array, no reference");

 public:
  using options = object_pool_options<T>;

  /// A pool that makes objects with std::make_unique<T>().
  object_pool() requires std::default_initializable<T> : object_pool(options{}) {}

  /// A pool that makes objects with `make`.
  template <class Make>
    requires(!std::same_as<std::remove_cvref_t<Make>, object_pool> &&
             !std::same_as<std::remove_cvref_t<Make>, options> &&
             std::is_invocable_r_v<std::unique_ptr<T>, Make&> &&
             std::copy_constructible<std::decay_t<Make>>)
  explicit object_pool(Make&& make) : object_pool(options{.make = std::forward<Make>(make)}) {}

  /// A pool with options.
  /// Throws       std::invalid_argument when `make` is empty and T has no default constructor, or when
  ///              `max_loaded` or `keep_at_least` is out of range.
  explicit object_pool(options o)
      : core_({.destroy = destroy,
               .context = this,
               .bytes = sizeof(T),
               .pool_type = typeid(object_pool).name(),
               .evict = o.on_evict ? evict : nullptr},
              {.max_idle = o.max_idle,
               .max_loaded = o.max_loaded,
               .max_idle_bytes = o.max_idle_bytes,
               .keep_at_least = o.keep_at_least,
               .stealing = o.stealing},
              std::move(o.name)),
        recycle_(std::move(o.recycle)),
        off_hits_(o.make || o.bytes || o.on_evict
                      ? new callbacks{std::move(o.make), std::move(o.bytes), std::move(o.on_evict)}
                      : nullptr),
        looks_at_puts_(recycle_ || (off_hits_ && off_hits_->bytes)) {
    if (!makes() && !std::default_initializable<T>) {
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
      for (std::size_t i = 0; i < found; ++i) out[i] = {wake(idle[i]), this};
      out = out.subspan(found);
    }
    core_.count(detail::event::missed, out.size());
    for (pooled<T>& handle : out) handle = {make_one(), this};
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

  /// Destroys what is idle now, in all shards, also what options.keep_at_least would keep.
  /// Returns      how many objects this call destroyed. What other threads destroy meanwhile is not
  ///              counted.
  /// Throws       nothing.
  /// Threads      safe from any thread. Destructors run on the calling thread, under no lock.
  /// Cost         two membarriers for the whole process, and the destructors.
  /// Unlike Go    Go has nothing like it.
  std::uint64_t drain() noexcept { return core_.drain(); }

  /// Makes objects until `count` are idle, where every thread finds them, and from now on keeps as many at
  /// least, as options.keep_at_least.
  /// Returns      how many it made.
  /// Throws       what options.make throws; what was made before stays. std::invalid_argument when `count`
  ///              is more than max_idle.
  /// Threads      safe from any thread.
  /// Cost         `make` for each, and a put of them all.
  /// Unlike Go    Go has nothing like it.
  std::size_t prewarm(std::size_t count) {
    core_.check_keep(count);
    if (count > core_.keep_at_least()) core_.set_keep_at_least(count);
    std::size_t made = 0;
    batch<&detail::pool_core::stock> fresh(*this);
    for (std::size_t idle = stats().idle; idle < count; ++idle, ++made) fresh.add(make_one());
    return made;
  }

  /// Changes what options.keep_at_least says, 0 .. max_idle; 0 lets all age again.
  /// Throws       std::invalid_argument when out of range.
  /// Threads      safe from any thread.
  void set_keep_at_least(std::size_t count) {
    core_.check_keep(count);
    core_.set_keep_at_least(count);
  }

  /// Changes what options.max_idle says, or options.max_idle_bytes. What is over is destroyed, with the
  /// reason over_budget and the coldest first, before this returns. A put that runs meanwhile may keep up
  /// to a magazine more; the next cycle destroys it.
  /// Throws       nothing.
  /// Threads      safe from any thread. Destructors run on the calling thread, under no lock.
  /// Cost         two membarriers for the whole process if anything is over, and the destructors.
  void set_max_idle(std::size_t count) noexcept { core_.set_max_idle(count); }
  void set_max_idle_bytes(std::size_t bytes) noexcept { core_.set_max_idle_bytes(bytes); }

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
    std::default_delete<T>()(static_cast<T*>(object));  // as unique_ptr, from which it came
  }

  // The same with options.on_evict.
  static void evict(void* object, void* pool, eviction_reason why) noexcept {
    detail::checks::dies(object, sizeof(T));
    const std::unique_ptr<T> dying(static_cast<T*>(object));
    static_cast<object_pool*>(pool)->off_hits_->on_evict(*dying, why);
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

  [[nodiscard]] bool makes() const noexcept { return off_hits_ && off_hits_->make; }

  EBB_SLOW_PATH T* make_one() {
    std::unique_ptr<T> object;
    if (makes()) {
      object = off_hits_->make();
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
    if (becomes_idle(object)) core_.put(object);
  }

  // False if it was destroyed.
  EBB_FAST_PATH bool becomes_idle(T* object) noexcept {
    detail::checks::returns(core_, object);
    if (looks_at_puts_) [[unlikely]] {  // not rare, but a call in any case: keep it off the straight line
      if (!stays(object)) return false;
    }
    return detail::checks::enters(core_, object, sizeof(T));
  }

  // False if it was destroyed.
  EBB_SLOW_PATH bool stays(T* object) noexcept {
    auto why = eviction_reason::rejected;
    try {
      if (!recycle_ || recycle_(*object)) {
        if (!off_hits_ || !off_hits_->bytes || core_.note_bytes(off_hits_->bytes(*object))) return true;
        why = eviction_reason::over_budget;
      }
    } catch (...) {  // whatever state it is in, nobody gets to see it
    }
    core_.drop(object, why);
    return false;
  }

  void let_go(T* object) noexcept {
    detail::checks::detaches(core_, object);
    core_.count(detail::event::detached);
  }

  // Objects on their way to the core, a magazine at once: to put_n(), or to stock().
  template <auto Give>
  class batch {
   public:
    explicit batch(object_pool& pool) noexcept : pool_(pool) {}
    batch(const batch&) = delete;
    batch& operator=(const batch&) = delete;
    ~batch() { give(); }
    void add(T* object) noexcept {
      if (!pool_.becomes_idle(object)) return;
      objects_[count_++] = object;
      if (count_ == bulk) give();
    }

   private:
    void give() noexcept {
      if (count_ > 0) (pool_.core_.*Give)(objects_, std::exchange(count_, 0));
    }
    object_pool& pool_;
    void* objects_[bulk];
    std::size_t count_ = 0;
  };

  template <class Item, class Release>
  void put_all(std::span<Item> items, Release release) noexcept {
    batch<&detail::pool_core::put_n> kept(*this);
    for (Item& item : items) {
      if (T* object = release(item)) kept.add(object);
    }
  }

  detail::pool_core core_;  // first: its hot words then need no offset
  std::function<bool(T&)> recycle_;
  // What hits do not call; a pool without them is smaller by as much.
  struct callbacks {
    std::function<std::unique_ptr<T>()> make;
    std::function<std::size_t(const T&)> bytes;
    std::function<void(T&, eviction_reason)> on_evict;
  };
  const std::unique_ptr<callbacks> off_hits_;
  const bool looks_at_puts_;
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
