// The least that a pool of magazines can be that shares what is idle: ebbpool's sections, magazines and
// depots, for one pool, and nothing else of it. No banks that change places, so nothing is ever given back;
// no bounds, no statistics, no bursts to be learned from, no look whether there is rseq.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <ebb/detail/depot.hpp>
#include <ebb/detail/percpu/percpu.hpp>
#include <ebb/runtime_info.hpp>

#include "harness/object_peer.hpp"
#include "peers/pointer_pool.hpp"

#if EBB_HAS_RSEQ

namespace bench {

namespace {

using ebb::detail::depot;
using ebb::detail::loaded_magazine;
using ebb::detail::magazines;
using ebb::detail::owned_magazine;
using ebb::detail::shard;
namespace percpu = ebb::detail::percpu;

class idle_magazines {
 public:
  idle_magazines() {
    for (std::uint32_t i = 0; i < shards_; ++i) {
      first_[i].top.store(ebb::detail::no_magazine_top(), std::memory_order_relaxed);
    }
  }
  ~idle_magazines() {
    for (std::uint32_t i = 0; i < shards_; ++i) {
      empty(loaded_magazine::of(first_[i].top.load(std::memory_order_relaxed)).now);
      while (const owned_magazine m = depots_[i].pop()) empty(m);
    }
  }
  idle_magazines(const idle_magazines&) = delete;
  idle_magazines& operator=(const idle_magazines&) = delete;

  [[gnu::always_inline]] payload* pop() {
    void* object;
    if (percpu::arch::pop(percpu::layout, local_, object) == percpu::result::done) [[likely]]
      return static_cast<payload*>(object);
    return refill();
  }
  [[gnu::always_inline]] bool push(payload* object) {
    if (percpu::arch::push(percpu::layout, local_, object) != percpu::result::done) [[unlikely]]
      spill(object);
    return true;
  }

 private:
  [[gnu::noinline]] payload* refill() {
    const std::uint32_t id = percpu::arch::current_id(percpu::layout);
    for (std::uint32_t i = id; i < id + shards_; ++i) {
      owned_magazine m = depots_[i < shards_ ? i : i - shards_].pop();
      if (!m) continue;
      void* const object = m.take();
      load(id, m);
      return static_cast<payload*>(object);
    }
    return nullptr;
  }
  [[gnu::noinline]] void spill(payload* object) {
    const std::uint32_t id = percpu::arch::current_id(percpu::layout);
    owned_magazine fresh = owned_magazine::empty(magazines().acquire(id), ebb::detail::max_capacity);
    fresh.add(object);
    load(id, fresh);
  }
  // In exchange for what is loaded, whatever that is.
  [[gnu::always_inline]] void load(std::uint32_t id, const owned_magazine& m) {
    void** const top = first_[id].top.load(std::memory_order_relaxed);
    std::uint32_t owner = id;
    if (percpu::arch::exchange_top(percpu::layout, local_, top, loaded_magazine::top_of(m), owner) !=
        percpu::result::done) {
      return m.count() != 0 ? depots_[id].push(m) : magazines().release(m.block, id);
    }
    const owned_magazine old = loaded_magazine::of(top).now;
    if (!old) return;
    old.count() != 0 ? depots_[owner].push(old) : magazines().release(old.block, owner);
  }
  static void empty(owned_magazine m) {
    while (m && m.count() != 0) delete static_cast<payload*>(m.take());
    magazines().release(m.block, 0);
  }

  const std::uint32_t shards_ = static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_CONF));
  const std::unique_ptr<shard[]> first_ = std::make_unique<shard[]>(shards_);
  const std::unique_ptr<depot[]> depots_ = std::make_unique<depot[]>(shards_);
  const ebb::detail::atomic<shard*> local_{first_.get()};
};

struct magazine_pool : pointer_pool<idle_magazines> {
  static bool takes_part(std::string_view what) {
    return what == starvation_case::name || what == burst_case<1000>::name || what == handover_case::name;
  }
};

std::string why_missing() {
  (void)ebb::runtime_info();  // what is shared by all pools is there from the first use of the library on
  return percpu::has_rseq() ? "" : "there is no rseq";
}

const object_peer<magazine_pool> entry{{.name = "floor_magazines", .why_missing = why_missing}};

}  // namespace

}  // namespace bench

#endif
