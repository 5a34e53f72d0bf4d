// Room under a bound: how pools begin to count for one, what is destroyed to make room, and what is over.
#include "pool_world.hpp"

namespace ebb::model {
namespace {

tokens<4> objects;

// A pool of one shard without a bound; each of its objects weighs a unit, and one is in use already: the
// room of the magazine that is loaded.
pool& unbounded_pool() {
  begin(1);
  static pool p;
  p.warm_up(objects[0], {.room = true});
  return p;
}

void introduce_bound(detail::pool_state& s, std::uint64_t limit) {
  s.own_budget.set_limit(limit);
  s.count_room();
}

// The switch from room that each shard counts to a budget, under threads that reserve and give up: when all
// have done what they were about to do, the next cycle's count is exact.
const scenario exact("room-switch", [] {
  static pool& p = unbounded_pool();
  options().most_old = 2;
  report(explore({[] {
                    detail::pool_state& s = *p.state();
                    check(s.reserve(2) == 2, "no room, far from the bound");
                    s.give_up(1);
                  },
                  [] { introduce_bound(*p.state(), 9); }},
                 [] {
                   detail::pool_state& s = *p.state();
                   s.count_room();
                   check(s.own_budget.used() == 2, "room is lost, or counted twice");
                   s.give_up(1);
                   p.close();
                   check(s.own_budget.used() == 0, "room is still reserved in a pool that is empty");
                 }));
});

// Of what a thread reserves one after the other, at most the last can slip by.
const scenario slips("room-slips-by-once", [] {
  static pool& p = unbounded_pool();
  options().most_old = 0;
  report(explore({[] {
                    for (int i = 0; i < 3; ++i) check(p.state()->reserve(1) == 1, "no room");
                  },
                  [] { introduce_bound(*p.state(), 9); }},
                 [] {
                   const std::uint64_t used = p.state()->own_budget.used();
                   check(used <= 4, "room is counted twice");
                   check(used >= 3, "more than what was being reserved is not counted");
                 }));
});

// Nobody who knows of the bound finds a budget that does not know of what is idle.
const scenario full("room-bound-begins", [] {
  static pool& p = unbounded_pool();
  options().most_old = 0;  // who sees the flag and an old limit slips by, too
  report(explore({[] {
                    detail::pool_state& s = *p.state();
                    if (!s.is_bounded.load(std::memory_order_relaxed)) return;
                    check(s.reserve(1) == 0, "room is granted beyond the bound");
                  },
                  [] { introduce_bound(*p.state(), 1); }},
                 [] { check(p.state()->own_budget.used() == 1, "room is lost, or counted twice"); }));
});

void check_all(pool& p, std::initializer_list<void*> held) {
  for (void* const t : held) {
    if (t != nullptr) objects.found(t);
  }
  p.close();
  objects.check_each_found_once();
  check(p.state()->own_budget.used() == 0, "room is still reserved in a pool that is empty");
}

// A put finds no room and destroys of the victim, of which others get, and which becomes the local bank.
void evict(bool rotates) {
  begin(1);
  static pool p{2, 4};
  static void* held;
  p.warm_up(objects[0]);
  p.widen(0, 2);
  for (unsigned i = 0; i < 3; ++i) p.core.put(objects[i]);
  cycle();  // they are the victim's, two of them in one magazine
  options().most_old = 0;
  static auto& budget = p.state()->own_budget;
  name(&budget, sizeof budget, "budget");
  budget.set_limit(3);
  static const body put = [] {
    p.put(objects[3]);
    check(budget.used() <= 3, "more is in use than the limit");
  };
  static const body get = [] { held = p.get(); };
  report(explore({put, rotates ? cycle : get}, [] { check_all(p, {held}); }));
}
const scenario evict_and_get("room-evict-and-get", [] { evict(false); });
const scenario evict_and_cycle("room-evict-and-cycle", [] { evict(true); });

// The victim has three objects, and the budget room for one: the others die, and that one can still be had,
// whatever searches were under way.
const scenario doom("room-doom-and-search", [] {
  begin(1);
  static pool p;
  static void* held;
  p.warm_up(objects[0], {.hints = true});
  p.widen(0, 2);
  for (unsigned i = 0; i < 3; ++i) p.core.put(objects[i]);
  cycle();
  options().most_old = 1;
  introduce_bound(*p.state(), 1);
  report(explore({[] { p.state()->doom_excess_of_victim(); }, [] { held = p.get(); }}, [] {
    void* const found = held != nullptr ? held : p.get();
    check(found != nullptr, "the victim has an object, and get() finds none");
    check_all(p, {found, objects[3]});
  }));
});

// What somebody is destroying is not over a second time.
const scenario once("room-doomed-once", [] {
  begin(1);
  static pool p;
  p.warm_up(objects[0]);
  objects.found(objects[3]);
  for (unsigned i = 0; i < 3; ++i) p.core.put(objects[i]);
  cycle();
  introduce_bound(*p.state(), 1);
  p.state()->doom_excess_of_victim();
  options().most_old = 0;
  static std::uint64_t gone;
  report(
      explore({[] { gone = p.state()->destroy_doomed(); }, [] { p.state()->doom_excess_of_victim(); }}, [] {
        p.state()->settle_destroyed(gone);
        int destroyed = 0;
        for (const token& t : objects.all) destroyed += t.taken;  // and the one that was never there
        check(destroyed == 3 && !p.state()->has_doomed(), "more is destroyed than was over the bound");
        check_all(p, {});
      }));
});

}  // namespace
}  // namespace ebb::model
