// Gets and puts of a whole pool against each other: the first put, refills, spills, the bound.
#include "pool_world.hpp"

namespace ebb::model {
namespace {

tokens<4> objects;

// What threads hold in the end; the rest is in the pool.
void check_all(pool& p, std::initializer_list<void*> held) {
  for (void* const t : held) {
    if (t != nullptr) objects.found(t);
  }
  p.close();
  objects.check_each_found_once();
}

// Two first puts at once; each may make the state.
const scenario first_put("pool-first-put", [] {
  begin(1);
  static pool p;
  options().most_old = 1;
  report(explore({[] { p.put(objects[0]); }, [] { p.put(objects[1]); }}, [] {
    check_all(p, {objects[2], objects[3]});
  }));
});

// A first put, and a get that may find what was put.
const scenario first_get("pool-first-put-and-get", [] {
  begin(1);
  static pool p;
  static void* held;
  report(explore({[] { p.put(objects[0]); }, [] { held = p.get(); }}, [] {
    check_all(p, {held, objects[1], objects[2], objects[3]});
  }));
});

// A refill from the depot, with a rest that is to be loaded, against a put to the same shard.
const scenario refill("pool-refill-and-put", [] {
  begin(1);
  static pool p{2};
  static void* held[2];
  p.warm_up(objects[0]);
  p.widen(0, 2);
  for (unsigned i = 0; i < 4; ++i) p.core.put(objects[i]);  // the depot has one, and above it two
  held[1] = p.core.get();                                   // what is loaded is empty
  report(explore({[] { held[0] = p.get(); },
                  [] {
                    p.put(held[1]);
                    held[1] = p.get();
                  }},
                 [] {
                   check_all(p, {held[0], held[1]});
                 }));
});

// Two spills and a steal, with a shard each.
const scenario spill("pool-spill-and-steal", [] {
  begin(2);
  static pool p;
  static void* held[2];
  p.warm_up(objects[0]);
  report(explore({[] {
                    p.put(objects[0]);
                    p.put(objects[1]);
                  },
                  [] {
                    act_as(1);
                    held[0] = p.get();
                    held[1] = p.get();
                  }},
                 [] {
                   check_all(p, {held[0], held[1], objects[2], objects[3]});
                 }));
});

// With a bound, the room that is loaded and the objects that are parked never exceed it together.
const scenario bounded("pool-bound", [] {
  begin(1);
  static pool p{1, 2};
  static void* held;
  p.warm_up(objects[0]);
  options().most_old = 1;
  static auto& budget = p.state()->own_budget;
  name(&budget, sizeof budget, "budget");
  report(explore({[] {
                    p.put(objects[0]);
                    p.put(objects[1]);
                  },
                  [] {
                    p.put(objects[2]);
                    held = p.get();
                  }},
                 [] {
                   check(budget.used() <= budget.limit(), "more is in use than the limit");
                   if (held != nullptr) objects.found(held);
                   objects.found(objects[3]);
                   p.close();
                   objects.check_each_found_once();
                   check(budget.used() == 0, "room is still reserved in a pool that is empty");
                 }));
});

}  // namespace
}  // namespace ebb::model
