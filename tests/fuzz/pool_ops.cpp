// Operations on pools, in any order, by one thread that acts under any shard id, against pool_model.
//
// Three pools at a time: each without a bound, with one of its own, or with one that it shares.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/detail/idle_budget.hpp>
#include <ebb/detail/pool_core.hpp>

#include "pool_model.hpp"
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
  subject(world& w, const pool_limits& limits, const pool_model::bounds& b)
      : all(w),
        weight(limits.weight),
        shared(limits.shared),
        model(b),
        core({destroy, this, 64, "fuzzed"}, limits, {}) {}

  static void destroy(void* o, void* self) noexcept;

  world& all;
  const std::uint64_t weight;
  idle_budget* const shared;
  pool_model model;
  std::vector<object*> held;
  std::vector<object*> batch;  // what a put_n that is running has not been seen to keep
  pool_core core;
};

class world {
 public:
  explicit world(input& in) : in_(in), shared_(in.byte()) {
    ebb::collect();  // so that the last fence of the process was not refused
    for (std::size_t i = 0; i < pools_.size(); ++i) open(i);
  }

  void run() {
    act_as(0);
    for (int steps = 0; !in_.empty() && steps < 400; ++steps) step();
    for (std::size_t i = 0; i < pools_.size(); ++i) close(i);
    EBB_FUZZ_CHECK(shared_.used() == 0);
    detail::percpu::fallback::place = {};
  }

  // From a destructor: the child of an object goes into the pool that the object was in.
  void put_child(subject& s) {
    object* const child = make(s, false);
    if (child == nullptr) return;
    s.model.enters(*child);
    s.core.put(child);
    s.model.entered(id_, *child);
  }

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }

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
    if (kind / 2 % 3 == 1) b.max_idle = limits.max_idle = in_.byte();
    if (kind / 2 % 3 == 2) {
      limits.shared = &shared_;
      limits.weight = 1 + in_.below(8);
      b.shared = true;
      b.max_idle = shared_.limit() / limits.weight;
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
    for (auto& s : pools_) refuse ? s->model.refused() : s->model.cycle();
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
        s.model.cycle();
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
    s.core.drop(o, detail::event::dropped_rejected);
  }

  void check() {
    std::uint64_t used = 0;
    for (auto& s : pools_) {
      s->model.check(s->core.stats());
      if (s->shared != nullptr) used += s->model.idle() * s->weight;
    }
    EBB_FUZZ_CHECK(used <= shared_.used() && shared_.used() <= shared_.limit());
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
      case 31: return check();
      default: return what % 2 == 0 ? get(s) : put(s);
    }
  }

  input& in_;
  idle_budget shared_;
  std::array<std::optional<subject>, 3> pools_;
  std::array<object, 400> objects_;
  std::size_t next_ = 0;
  std::uint32_t id_ = 0;
  // The last fence was refused, so the next cycle has one more, before it changes anything.
  bool asks_first_ = false;
};

void subject::destroy(void* object_of_pool, void* of) noexcept {
  auto& o = *static_cast<object*>(object_of_pool);
  auto& self = *static_cast<subject*>(of);
  // What a put_n put before this object is in the pool by now.
  const auto at = std::find(self.batch.begin(), self.batch.end(), &o);
  if (at != self.batch.end()) {
    for (auto before = self.batch.begin(); before != at; ++before)
      self.model.entered(self.all.id(), **before);
  }
  if (o.where == place::entering && self.shared != nullptr) {
    EBB_FUZZ_CHECK(self.shared->limit() - self.shared->used() < self.weight || self.model.is_rejecting());
  }
  const bool has_child = o.has_child;
  self.model.destroyed(o);
  if (has_child) self.all.put_child(self);
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
