// What fallback.hpp does on one shard, without a pool around it.
#include "world.hpp"

namespace ebb::model {
namespace {

namespace fallback = detail::percpu::fallback;
using detail::atomic;
using detail::loaded_magazine;
using detail::owned_magazine;
using detail::shard;
using detail::percpu::result;

tokens<4> objects;

struct bank {
  detail::bank_header header{nullptr};
  shard shards[2]{{.away_from_pools = {}, .top = detail::no_magazine_top(), .lock = 0},
                  {.away_from_pools = {}, .top = detail::no_magazine_top(), .lock = 0}};
};

void** loaded(std::initializer_list<unsigned> which, std::uint32_t capacity) {
  owned_magazine m = owned_magazine::empty(detail::magazines().acquire(0), capacity);
  for (const unsigned i : which) m.add(objects[i]);
  return loaded_magazine::top_of(m);
}

void find_all(owned_magazine m) {
  while (m.block != nullptr && m.count() > 0) objects.found(m.take());
}

void* pop(const atomic<shard*>& local, std::uint32_t shards) {
  void* out = nullptr;
  if (fallback::pop(local, shards, out) != result::done) return nullptr;
  use(out);
  return out;
}

void find(std::initializer_list<void*> held) {
  for (void* const t : held) {
    if (t != nullptr) objects.found(t);
  }
}

void set_up(bank& b) {
  begin(1);
  name(&objects, sizeof objects, "objects");
  name(&b, sizeof b, "bank");
  name(&b.shards[0].lock, 4, "shard 0 lock");
  name(&b.shards[0].top, 8, "shard 0 top");
  name(&b.shards[1].lock, 4, "shard 1 lock");
  name(&b.shards[1].top, 8, "shard 1 top");
}

// Two threads on one shard: both put and take.
const scenario one_shard("shard-pop-and-push", [] {
  static bank b;
  static atomic<shard*> local{b.shards};
  static void* held[3];
  set_up(b);
  b.shards[0].top.store(loaded({0, 1}, 3), std::memory_order_relaxed);
  report(explore({[] {
                    held[0] = pop(local, 1);
                    use(objects[2]);
                    if (fallback::push(local, 1, objects[2]) != result::done) held[2] = objects[2];
                  },
                  [] {
                    held[1] = pop(local, 1);
                    if (held[1] != nullptr && fallback::push(local, 1, held[1]) == result::done) {
                      held[1] = nullptr;
                    }
                  }},
                 [] {
                   find({held[0], held[1], held[2], objects[3]});
                   find_all(loaded_magazine::of(b.shards[0].top.load(std::memory_order_relaxed)).now);
                   objects.check_each_found_once();
                 }));
});

// Two shards: who finds one taken goes on to the other. In bulk.
const scenario two_shards("shard-taken-next-one", [] {
  static bank b;
  static atomic<shard*> local{b.shards};
  static void* held[2][3];
  set_up(b);
  b.shards[0].top.store(loaded({0, 1}, 3), std::memory_order_relaxed);
  b.shards[1].top.store(loaded({2}, 3), std::memory_order_relaxed);
  static const auto body = [](void** mine) {
    const std::size_t n = fallback::pop_n(local, 2, mine, 2);
    for (std::size_t i = 0; i < n; ++i) use(mine[i]);
    if (n > 0 && fallback::push_n(local, 2, mine, 1) == 1) mine[0] = nullptr;
  };
  report(explore({[] { body(held[0]); }, [] { body(held[1]); }}, [] {
    find({held[0][0], held[0][1], held[1][0], held[1][1], objects[3]});
    for (const shard& s : b.shards) {
      find_all(loaded_magazine::of(s.top.load(std::memory_order_relaxed)).now);
    }
    objects.check_each_found_once();
  }));
});

// A refill and a pop: the magazine that was there is the exchanger's, with what it holds by then.
const scenario exchange("shard-exchange-top", [] {
  static bank b;
  static atomic<shard*> local{b.shards};
  static void* held[2];
  static owned_magazine old;
  static void** before;
  static void** fresh;
  set_up(b);
  before = loaded({0, 1}, 2);
  fresh = loaded({2, 3}, 2);
  b.shards[0].top.store(before, std::memory_order_relaxed);
  report(explore({[] {
                    std::uint32_t id = 9;
                    if (fallback::exchange_top(local, 1, before, fresh, id) != result::done) {
                      old = loaded_magazine::of(fresh).now;  // still the thread's own
                      return;
                    }
                    check(id == 0, "exchange_top says another shard");
                    old = loaded_magazine::of(before).now;
                    for (std::uint32_t i = old.base + 1; i <= old.top; ++i) use(old.block->word[i]);
                  },
                  [] {
                    held[0] = pop(local, 1);
                    held[1] = pop(local, 1);
                    if (held[0] != nullptr && fallback::push(local, 1, held[0]) == result::done) {
                      held[0] = nullptr;
                    }
                  }},
                 [] {
                   find({held[0], held[1]});
                   find_all(old);
                   find_all(loaded_magazine::of(b.shards[0].top.load(std::memory_order_relaxed)).now);
                   objects.check_each_found_once();
                 }));
});

// Somebody makes a bank and publishes it; the others never heard of it before.
const scenario new_bank("shard-new-bank", [] {
  static bank vacant;
  static atomic<shard*> local{vacant.shards};
  alignas(bank) static std::byte memory[sizeof(bank)];
  static bank& made = *reinterpret_cast<bank*>(memory);
  static void* held[2];
  static void** top;
  set_up(made);
  top = loaded({0}, 2);
  static const auto body = [](void*& mine) { mine = pop(local, 1); };
  report(explore({[] {
                    use(objects[0]);
                    new (&made) bank;
                    made.shards[0].top.store(top, std::memory_order_relaxed);
                    local.store(made.shards, std::memory_order_release);
                  },
                  [] { body(held[0]); }, [] { body(held[1]); }},
                 [] {
                   find({held[0], held[1], objects[1], objects[2], objects[3]});
                   find_all(loaded_magazine::of(made.shards[0].top.load(std::memory_order_relaxed)).now);
                   objects.check_each_found_once();
                 }));
});

// Counters and spares of a shard are used without its lock.
const scenario counter("shard-count-without-lock", [] {
  begin(1);
  struct alignas(128) element {
    atomic<std::uint64_t> n{0};
  };
  static element e;
  static void* elements = &e;
  static const auto body = [] {
    (void)fallback::add(elements, 1, 0, 2);
    (void)fallback::add(elements, 1, 0, 3);
  };
  report(
      explore({body, body}, [] { check(e.n.load(std::memory_order_relaxed) == 10, "a count is lost"); }));
});

}  // namespace
}  // namespace ebb::model
