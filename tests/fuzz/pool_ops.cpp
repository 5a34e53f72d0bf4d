// Operations on pools, in any order, by one thread that acts under any shard id, against pool_model.
//
// Three pools at a time: each without a bound, with one of its own, or with one that it shares. Bounds
// change while the pools are in use, and now and then the process has a budget, or keeps nothing.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <vector>

#include <ebb/budget.hpp>
#include <ebb/collector.hpp>
#include <ebb/detail/idle_budget.hpp>
#include <ebb/detail/pool_core.hpp>

#include "pool_model.hpp"
#include "registry.hpp"
#include "runtime.hpp"
#include "target.hpp"

namespace ebb::fuzz {

namespace {

using detail::idle_budget;
using detail::pool_core;
using detail::pool_limits;

std::uint32_t shards() { return detail::this_runtime().shards; }

class world;

// A pool, its model, and the objects that callers hold.
struct subject {
  static constexpr std::uint64_t bytes = 64;  // of an object, where the pool has a bound of its own

  subject(world& w, const pool_limits& limits, const pool_model::bounds& b)
      : all(w),
        weight(limits.weight),
        shared(limits.shared),
        max_idle(limits.max_idle),
        model(b),
        core({.destroy = nullptr, .context = this, .bytes = bytes, .pool_type = "fuzzed", .evict = evict},
             limits, {}) {}

  static void evict(void* o, void* self, eviction_reason why) noexcept;

  // What it has idle, as the process's budget counts it.
  [[nodiscard]] std::uint64_t idle_bytes() const noexcept {
    return model.idle() * (shared != nullptr ? weight : bytes);
  }

  world& all;
  const std::uint64_t weight;
  idle_budget* const shared;
  std::uint64_t max_idle;
  std::uint64_t max_bytes = unlimited;
  [[nodiscard]] std::uint64_t limit() const noexcept {
    return max_bytes == unlimited ? max_idle : std::min(max_idle, max_bytes / bytes);
  }
  pool_model model;
  std::vector<object*> held;
  std::vector<object*> batch;  // what a put_n that is running has not been seen to keep
  pool_core core;
};

class world {
 public:
  explicit world(input& in) : in_(in), shared_limit_(in.byte()), shared_(shared_limit_) {
    ebb::collect();  // so that the last fence of the process was not refused
    for (std::size_t i = 0; i < pools_.size(); ++i) open(i);
  }

  void run() {
    act_as(0);
    for (int steps = 0; !in_.empty() && steps < 400; ++steps) step();
    keep_nothing(false);
    if (pool_model::has_process_budget) process_budget(unlimited);
    for (std::size_t i = 0; i < pools_.size(); ++i) close(i);
    EBB_FUZZ_CHECK(shared_.used() == 0);
    detail::registry::forget(shared_);
    detail::percpu::fallback::place = {};
  }

  // From a destructor: the child of an object goes into the pool that the object was in.
  void put_child(subject& s) {
    object* const child = make(s, false);
    if (child == nullptr) return;
    ++children_;
    s.model.enters(*child);
    s.core.put(child);
    s.model.entered(id_, *child);
  }

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

  int destroying = 0;  // objects, each in the destructor of the one before

 private:
  void act_as(std::uint32_t id) {
    id_ = id;
    detail::percpu::fallback::place = {id, detail::percpu::fallback::never_look};
  }

  void open(std::size_t i) {
    const std::uint8_t kind = in_.byte();
    const std::uint32_t max_loaded = 1 + in_.below(kind % 2 == 0 ? 4 : detail::max_capacity);
    pool_limits limits{.max_loaded = max_loaded};
    pool_model::bounds b{.max_loaded = max_loaded, .shards = shards()};
    b.stealing = limits.stealing = kind >= 192   ? steal::none
                                   : kind >= 128 ? steal::same_node_first
                                                 : steal::all;
    if (kind / 2 % 3 == 1) b.max_idle = limits.max_idle = in_.byte();
    if (kind / 2 % 3 == 2) {
      limits.shared = &shared_;
      limits.weight = 1 + in_.below(8);
      b.shared = true;
      b.max_idle = shared_limit_ / limits.weight;
    }
    pools_[i].emplace(*this, limits, b);
  }

  void close(std::size_t i) {
    subject& s = *pools_[i];
    for (object* const o : s.held) o->where = place::nowhere;
    s.held.clear();
    s.model.closes();
    s.core.close();
    s.model.settled();
    pools_[i].reset();
  }

  object* make(subject& s, bool has_child) {
    for (std::size_t tried = 0; tried < objects_.size(); ++tried) {
      object& o = objects_[next_++ % objects_.size()];
      if (o.where != place::nowhere) continue;
      s.model.made(o);
      o.has_child = has_child;
      s.core.count(detail::event::made);
      return &o;
    }
    return nullptr;
  }

  object* any_held(subject& s) {
    if (s.held.empty()) {
      object* const o = make(s, false);
      if (o != nullptr) s.held.push_back(o);
    }
    if (s.held.empty()) return nullptr;
    std::swap(s.held[in_.byte() % s.held.size()], s.held.back());
    object* const o = s.held.back();
    s.held.pop_back();
    return o;
  }

  void get(subject& s) {
    auto* const o = static_cast<object*>(s.core.get());
    if (o != nullptr) {
      s.model.got(id_, *o);
      s.held.push_back(o);
      return;
    }
    s.model.found_nothing(id_, true);
    if (object* const fresh = make(s, in_.byte() % 4 == 0)) s.held.push_back(fresh);
  }

  void put(subject& s) {
    object* const o = any_held(s);
    if (o == nullptr) return;
    s.model.enters(*o);
    s.core.put(o);
    s.model.entered(id_, *o);
  }

  void get_n(subject& s) {
    std::array<void*, 96> out;
    const std::size_t wanted = in_.byte() % (out.size() + 1);
    const std::size_t count = s.core.get_n(out.data(), wanted);
    EBB_FUZZ_CHECK(count <= wanted);
    for (std::size_t i = 0; i < count; ++i) {
      auto* const o = static_cast<object*>(out[i]);
      s.model.got(id_, *o);
      s.held.push_back(o);
    }
    if (count < wanted) s.model.found_nothing(id_, false);
  }

  void put_n(subject& s) {
    const std::size_t wanted = std::min<std::size_t>(in_.byte() % 97u, s.held.size() + 8);
    while (s.batch.size() < wanted) {
      object* const o = any_held(s);
      if (o == nullptr) break;
      s.batch.push_back(o);
    }
    const std::vector<void*> objects(s.batch.begin(), s.batch.end());
    for (object* const o : s.batch) s.model.enters(*o);
    s.model.exists();
    s.core.put_n(objects.data(), objects.size());
    for (object* const o : s.batch) s.model.entered(id_, *o);
    s.batch.clear();
    // The order ends where whole magazines may go past the shard.
    if (objects.size() >= s.model.loaded()) s.model.moved_about();
  }

  void collect() {
    const bool refuse = in_.byte() % 4 == 3;
    detail::fence_plan = refuse ? 1 : 0;
    for (auto& s : pools_) refuse ? s->model.refused() : s->model.cycle(eviction_reason::aged);
    ebb::collect();
    for (auto& s : pools_) s->model.settled();
    detail::fence_plan = 0;
    asks_first_ = refuse;
  }

  void drain(subject& s) {
    const std::uint32_t plan = in_.byte() % 8;
    const std::uint32_t refused = plan < 4 ? plan : 0;  // one bit for each of two fences
    detail::fence_plan = asks_first_ ? refused << 1 : refused;
    if (s.model.does_exist()) asks_first_ = refused != 0;  // else it has nothing to drain
    for (std::uint32_t fence = 0; fence < 2; ++fence) {
      if ((refused >> fence & 1) == 0) {
        s.model.cycle(eviction_reason::drained);
      } else {
        s.model.refused();
        break;
      }
    }
    s.core.drain();
    s.model.settled();
    detail::fence_plan = 0;
  }

  void reject(subject& s) {
    object* const o = any_held(s);
    if (o == nullptr) return;
    s.model.rejected(*o);
    s.core.drop(o, eviction_reason::rejected);
  }

  // The library says by its number of cycles whether it had to run one over this pool; what is over must be
  // gone, and nothing else.
  template <class Change>
  void change_bound(subject& s, std::uint64_t limit, Change change) {
    const std::uint64_t before = s.model.over_budget();
    const std::uint64_t children = children_;
    changing_ = &s;
    s.model.set_limit(limit);
    s.model.set_changing(true);
    change();
    s.model.set_changing(false);
    changing_ = nullptr;
    s.model.follow(s.core.stats().cycles);
    s.model.settled();
    EBB_FUZZ_CHECK(s.model.idle() <= limit);
    if (s.model.over_budget() == before || children_ != children || pool_model::has_process_budget) return;
    EBB_FUZZ_CHECK(s.model.idle() == limit);
  }

  void set_max_idle(subject& s) {
    const std::uint8_t how = in_.byte();
    const std::uint64_t most = how < 16 ? unlimited : how / 4;
    if (s.shared != nullptr) return s.core.set_max_idle(most);  // has no bound of its own
    if (how % 2 == 0) {
      s.max_idle = most;
      change_bound(s, s.limit(), [&] { s.core.set_max_idle(most); });
    } else {
      s.max_bytes = how < 16 ? unlimited : most * subject::bytes + how % 64;
      change_bound(s, s.limit(), [&] { s.core.set_max_idle_bytes(s.max_bytes); });
    }
  }

  void set_shared_limit() {
    shared_limit_ = in_.byte();
    shared_.set_limit(shared_limit_);
    for (auto& s : pools_) {
      if (s->shared != nullptr) s->model.set_limit(shared_limit_ / s->weight);
    }
    changing_shared_ = true;
    for (auto& s : pools_) {
      if (s->shared != nullptr) s->model.set_changing(true);
    }
    detail::registry::bounds_changed(shared_);
    changing_shared_ = false;
    for (auto& s : pools_) {
      if (s->shared == nullptr) continue;
      s->model.set_changing(false);
      s->model.follow(s->core.stats().cycles);
      s->model.settled();
    }
    EBB_FUZZ_CHECK(shared_.used() <= shared_.limit() || pool_model::has_process_budget);
  }

  void keep_at_least(subject& s) {
    if (s.shared != nullptr) return set_shared_limit();
    const std::uint64_t least = in_.byte() % 64;
    try {
      s.core.check_keep(least);
      EBB_FUZZ_CHECK(least <= s.max_idle);
    } catch (const std::invalid_argument&) {
      EBB_FUZZ_CHECK(least > s.max_idle);
      return;
    }
    s.core.set_keep_at_least(least);
    s.model.keep_at_least(least);
  }

  void process_budget(std::uint64_t bytes) {
    pool_model::has_process_budget = true;  // what it does not leave room for dies now
    for (auto& s : pools_) s->model.cycle(eviction_reason::aged);
    ebb::set_idle_budget(bytes);
    for (auto& s : pools_) s->model.settled();
    pool_model::has_process_budget = bytes != unlimited;
    if (bytes == unlimited) detail::registry::forget(shared_);  // if no pool has it just now
    asks_first_ = false;
    check();
  }

  void keep_nothing(bool on) {
    pool_model::keeps_nothing = on;
    for (auto& s : pools_) s->model.starts_to_keep_nothing();
    detail::registry::keep_nothing(on);
  }

  void relieve() {  // as when memory is short
    for (auto& s : pools_) s->model.cycle(eviction_reason::pressure);
    (void)detail::registry::run_cycle(eviction_reason::pressure);
    for (auto& s : pools_) s->model.settled();
    asks_first_ = false;
  }

  void drain_all() {
    for (int i = 0; i < 2; ++i) {
      for (auto& s : pools_) s->model.cycle(eviction_reason::drained);
    }
    std::uint64_t idle = 0;
    for (auto& s : pools_) idle += s->model.idle();
    const std::uint64_t destroyed = ebb::drain_all();
    for (auto& s : pools_) s->model.settled();
    EBB_FUZZ_CHECK(destroyed == idle);
    asks_first_ = false;
  }

  // What is in the corpus from before these were there means a check here, which changes nothing.
  void special(std::uint8_t what) {
    switch (what) {
      case 3: return set_max_idle(*pools_[in_.below(3)]);
      case 4: return keep_at_least(*pools_[in_.below(3)]);
      case 5: {
        const std::uint64_t bytes = in_.byte();
        return process_budget(bytes < 64 ? unlimited : bytes * bytes / 4);
      }
      case 6: return in_.byte() % 2 == 0 ? drain_all() : relieve();
      case 7: return keep_nothing(in_.byte() % 2 == 1);
      default: return check();
    }
  }

  void check() {
    std::uint64_t used = 0;
    std::uint64_t bytes = 0;
    for (auto& s : pools_) {
      s->model.check(s->core.stats());
      if (s->shared != nullptr) used += s->model.idle() * s->weight;
      bytes += s->idle_bytes();
    }
    EBB_FUZZ_CHECK(bytes <= ebb::idle_budget());
    EBB_FUZZ_CHECK(used <= shared_.used());
    // A share of the process's budget may shrink below what is used, as long as nothing gets in.
    EBB_FUZZ_CHECK(shared_.used() <= shared_.limit() || pool_model::has_process_budget);
  }

  void step() {
    const std::uint8_t what = in_.byte();
    subject& s = *pools_[what / 32 % pools_.size()];
    switch (what % 32) {
      case 16:
      case 17:
      case 18: return act_as(in_.below(ids));
      case 19:
      case 20: return get_n(s);
      case 21:
      case 22: return put_n(s);
      case 23:
      case 24: return collect();
      case 25: return drain(s);
      case 26: return reject(s);
      case 27: s.core.scatter(in_.below(ids)); return s.model.moved_about();
      case 28: {
        const std::size_t i = what / 32 % pools_.size();
        close(i);
        return open(i);
      }
      case 29:
        for (std::uint32_t n = in_.byte(); n > 0; --n) get(s);
        return;
      case 30:
        for (std::uint32_t n = in_.byte(); n > 0; --n) put(s);
        return;
      case 31: return special(what / 32);
      default: return what % 2 == 0 ? get(s) : put(s);
    }
  }

  input& in_;
  std::uint64_t shared_limit_;  // without the share of the process's budget
  idle_budget shared_;
  std::array<std::optional<subject>, 3> pools_;
  std::array<object, 400> objects_;
  std::size_t next_ = 0;
  std::uint32_t id_ = 0;
  // The last fence was refused, so the next cycle has one more, before it changes anything.
  bool asks_first_ = false;
  // Whose bound is being changed.
  subject* changing_ = nullptr;
  std::uint64_t children_ = 0;
  bool changing_shared_ = false;

 public:
  void before_death(subject& s) {
    if (changing_ == &s || (changing_shared_ && s.shared != nullptr)) s.model.follow(s.core.stats().cycles);
  }
};

void subject::evict(void* object_of_pool, void* of, eviction_reason why) noexcept {
  auto& o = *static_cast<object*>(object_of_pool);
  auto& self = *static_cast<subject*>(of);
  // What a put_n put before this object is in the pool by now.
  const auto at = std::find(self.batch.begin(), self.batch.end(), &o);
  if (at != self.batch.end()) {
    for (auto before = self.batch.begin(); before != at; ++before)
      self.model.entered(self.all.id(), **before);
  }
  if (o.where == place::entering && self.shared != nullptr && why == eviction_reason::over_budget) {
    EBB_FUZZ_CHECK(self.shared->used() + self.weight > self.shared->limit());
  }
  const bool has_child = o.has_child;
  self.all.before_death(self);
  self.model.destroyed(o, why, self.all.destroying > 0);
  ++self.all.destroying;
  if (has_child) self.all.put_child(self);
  --self.all.destroying;
}

}  // namespace

void pool_ops(std::span<const std::uint8_t> bytes) {
  static const bool ready = [] {
    ebb::set_cycle_period(std::chrono::milliseconds{0});
    return true;
  }();
  (void)ready;
  input in(bytes);
  world(in).run();
}

}  // namespace ebb::fuzz
