// What the workers do, and what their signal handlers do to them.
#pragma once

#include <sched.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <ebb/object_pool.hpp>

#include "disturb.hpp"
#include "settings.hpp"
#include "tokens.hpp"

#if EBB_INJECTED
#include "points.hpp"
inline constexpr bool injected = true;
#else
inline constexpr bool injected = false;
inline std::uint64_t ebb_inject_aborts = 0;
inline std::uint32_t ebb_inject_early = 0;
inline std::uint32_t ebb_inject_late = 0;
inline std::uint32_t ebb_inject_trap = 0;
#endif

using disturb::dice;
using handle = ebb::pooled<token>;

struct counted_pool {
  census count;
  std::optional<ebb::object_pool<token>> pool;
  counted_pool(std::size_t max_idle, std::uint32_t max_loaded) {
    pool.emplace(ebb::object_pool_options<token>{.make = [this] { return std::make_unique<token>(count); },
                                                 .max_idle = max_idle,
                                                 .max_loaded = max_loaded});
  }
};

// One pool without a bound, and one that often destroys what is put.
struct pools {
  counted_pool open{ebb::unlimited, 62};
  counted_pool bounded{200, 8};
  [[nodiscard]] ebb::object_pool<token>& pick(dice& d) { return *(d.roll(4) == 0 ? bounded : open).pool; }
};

// What outlives the threads that work under it, one after the other.
struct worker {
  explicit worker(std::uint32_t number) : luck(number), handler_luck(number + 1000) {}

  std::array<handle, 240> held;
  std::size_t count = 0;
  dice luck;
  std::uint64_t operations = 0;  // objects taken, and objects given
  std::uint64_t taken = 0;

  // Only handlers touch these: they run in the middle of everything else.
  std::array<handle, 6> stash;
  std::size_t stashed = 0;
  dice handler_luck;
  std::uint64_t handler_operations = 0;
  std::uint64_t handler_taken = 0;
};

inline pools* the_pools = nullptr;
inline const setting* now = nullptr;
// Of a section's loop: 4 where the processor keeps its counter in a register, less elsewhere. main()
// measures it.
inline double iterations_per_ns = 1;
inline thread_local constinit worker* me = nullptr;

// Takes and gives at random, never what it took last: a handler that restores what it found hides a section
// that does not start again.
inline void handler(int signal) {
  worker* const w = me;
  if (w == nullptr) return;
  disturb::signals.fetch_add(1, std::memory_order_relaxed);
  ebb_inject_trap = 0;
  disturb::mine.in_handler = true;
  dice& d = w->handler_luck;
  for (std::uint32_t n = d.roll(3); n > 0; --n) {
    if (w->stashed < w->stash.size() && d.roll(2) == 0) {
      handle h = the_pools->pick(d).try_get();
      if (!h) continue;
      h->take();
      ++w->handler_taken;
      ++w->handler_operations;
      w->stash[w->stashed++] = std::move(h);
    } else if (w->stashed > 0) {
      handle& h = w->stash[--w->stashed];
      h->give();
      h.reset();
      ++w->handler_operations;
    }
  }
  if (now->freeze_one_in != 0 && d.roll(now->freeze_one_in) == 0) disturb::freeze();
  disturb::mine.in_handler = false;
  // Now and then the section that starts again is thrown back again.
  if (signal == SIGTRAP && d.roll(2) == 0) ebb_inject_trap = d.roll(2) + 1;
}

inline void take_some(worker& w, std::size_t n) {
  for (; n > 0 && w.count < w.held.size(); --n) {
    handle h = the_pools->pick(w.luck).get();
    h->take();
    w.held[w.count++] = std::move(h);
    ++w.taken;
    ++w.operations;
  }
}

inline void give_some(worker& w, std::size_t n) {
  for (; n > 0 && w.count > 0; --n) {
    handle& h = w.held[--w.count];
    h->give();
    h.reset();
    ++w.operations;
  }
}

inline void take_and_give_in_bulk(worker& w) {
  std::array<handle, 100> some;
  const std::span<handle> part(some.data(), w.luck.roll(some.size()) + 1);
  ebb::object_pool<token>& pool = the_pools->pick(w.luck);
  pool.get_n(part);
  for (handle& h : part) h->take();
  for (handle& h : part) h->give();
  pool.put_n(part);
  w.taken += part.size();
  w.operations += 2 * part.size();
}

inline void one_round(worker& w) {
  const bool slow = now->delay_ns != 0 && w.luck.roll(now->delay_one_in) == 0;
  const auto delay = static_cast<std::uint32_t>(now->delay_ns * iterations_per_ns);
  ebb_inject_early = slow ? w.luck.roll(delay + 1) : 0;
  ebb_inject_late = slow ? delay : 0;
  ebb_inject_trap = now->trap_one_in != 0 && w.luck.roll(now->trap_one_in) == 0 ? w.luck.roll(2) + 1 : 0;
  const std::uint32_t what = w.luck.roll(256);
  if (what == 0) {
    take_some(w, 150);  // a burst: magazines go to the depot
  } else if (what == 1) {
    give_some(w, w.count);
  } else if (what < 6) {
    take_and_give_in_bulk(w);
  } else if (w.luck.roll(2) == 0 && w.count < 12) {
    take_some(w, w.luck.roll(4) + 1);
  } else {
    give_some(w, w.luck.roll(4) + 1);
  }
  if (now->yield_percent != 0 && w.luck.roll(100) < now->yield_percent) (void)::sched_yield();
}

// A life of a thread.
inline void work(worker& w) {
  disturb::mine = {.yield_percent = now->yield_percent,
                   .freeze_one_in = now->freeze_one_in,
                   .trap_one_in = 4 * now->trap_one_in,
                   .luck = dice(w.luck.roll(1 << 30))};
  me = &w;
  {
    const disturb::thread_timer timer(now->timer_us);
    for (std::uint32_t i = 0; (now->churn == 0 || i < now->churn) && !disturb::stop; ++i) one_round(w);
  }
  me = nullptr;
  ebb_inject_early = ebb_inject_late = ebb_inject_trap = 0;
}
