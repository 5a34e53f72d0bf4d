// The collector: banks that change places, fences that are refused, pools that come and go.
#include "pool_world.hpp"

namespace ebb::model {
namespace {

tokens<3> objects;

void check_all(pool& p, std::initializer_list<void*> held) {
  for (void* const t : held) {
    if (t != nullptr) objects.found(t);
  }
  p.close();
  objects.check_each_found_once();
}

// A pool of one shard, with the first object loaded and the second in the depot.
pool& warm_pool() {
  begin(1);
  static pool p;
  p.warm_up(objects[0]);
  p.core.put(objects[1]);
  p.core.put(objects[0]);
  return p;
}

// One thread rotates and retires, the other gets and puts: nothing is lost in the bank that goes.
const scenario rotation("cycle-and-get", [] {
  static pool& p = warm_pool();
  static void* held;
  report(explore({[] {
                    detail::pool_state& s = *p.state();
                    s.rotate(aged);
                    s.retire();
                  },
                  [] { held = p.get(); }},
                 [] {
                   check_all(p, {held, objects[2]});
                 }));
});

const scenario rotation_put("cycle-and-put", [] {
  static pool& p = warm_pool();
  options().most_old = 2;
  report(explore({[] {
                    detail::pool_state& s = *p.state();
                    s.rotate(aged);
                    s.retire();
                  },
                  [] { p.put(objects[2]); }},
                 [] { check_all(p, {}); }));
});

// What retire() has cleared stays clear, though a put may have chosen that shard when its bank was local.
const scenario clear("cycle-leaves-nothing", [] {
  static pool& p = warm_pool();
  cycle();  // the bank that is local now has nothing loaded
  options().most_old = 2;
  report(explore({[] {
                    detail::pool_state& s = *p.state();
                    s.rotate(aged);
                    s.retire();
                  },
                  [] { p.put(objects[2]); }},
                 [] {
                   void** const top = p.state()->victim().shards[0].top.load(std::memory_order_relaxed);
                   check(top == detail::no_magazine_top() || times_yielded() >= detail::unload_tries,
                         "an object was put where the collector had been");
                   for (const token& t : objects.all) check(t.taken == 0, "an object is destroyed");
                   check_all(p, {});
                 }));
});

// A put that spills while the banks change twice.
const scenario drain("cycle-drain-and-put", [] {
  static pool& p = warm_pool();
  options().most_old = 0;
  report(explore({[] { p.core.drain(); }, [] { p.put(objects[2]); }}, [] { check_all(p, {}); }));
});

const scenario collectors("cycle-two-collectors", [] {
  static pool& p = warm_pool();
  static void* held;
  options().most_old = 0;
  report(explore({cycle, cycle, [] { held = p.get(); }}, [] { check_all(p, {held, objects[2]}); }));
});

// The pool's first put, a cycle, and a thread that sees the pool only after both.
void second_user(bool refused) {
  begin(1);
  static pool p;
  static void* held;
  if (refused) detail::refused_fences = 1;
  options().most_old = refused ? 0 : 1;
  report(explore({[] { p.put(objects[0]); }, cycle, [] { held = p.get(); }}, [] {
    check_all(p, {held, objects[1], objects[2]});
  }));
}
const scenario second("cycle-and-new-user", [] { second_user(false); });
const scenario refused("cycle-refused", [] { second_user(true); });

// A refused cycle gives back what it had condemned.
const scenario refused_doomed("cycle-refused-keeps-all", [] {
  static pool& p = warm_pool();
  static void* held;
  options().most_old = 1;
  cycle();  // both objects are the victim's
  detail::refused_fences = 1;
  report(explore({cycle, [] { held = p.get(); }}, [] {
    check(!p.state()->has_doomed(), "a refused cycle keeps objects condemned");
    check_all(p, {held, objects[2]});
  }));
});

// Pools that arrive while the collector looks.
const scenario arrivals("cycle-arrivals", [] {
  begin(1);
  static pool a, b;
  static detail::pool_state* const one = detail::pool_state::create(a.core);
  static detail::pool_state* const other = detail::pool_state::create(b.core);
  static const auto admit = [] {
    detail::registry_data& d = detail::data();
    const std::lock_guard lock(d.mutex);
    detail::admit_arrivals(d);
  };
  report(explore({[] { detail::registry::add(*one); }, [] { detail::registry::add(*other); }, admit}, [] {
    admit();
    int known = 0;
    for (auto* s = detail::data().pools; s != nullptr && known < 3; s = s->next) ++known;
    check(known == 2, "the registry does not know both pools");
  }));
});

// close() waits for a collector that is destroying this pool's objects: afterwards nobody does.
const scenario closing("cycle-and-close", [] {
  static bool closed = false;
  begin(1);
  static pool p;
  static detail::pool_core core({.destroy =
                                     [](void* t, void*) noexcept {
                                       check(!closed, "an object is destroyed after close()");
                                       objects.found(t);
                                     },
                                 .context = nullptr,
                                 .bytes = sizeof(token),
                                 .pool_type = ""},
                                {.max_loaded = 1}, "");
  core.put(objects[0]);
  cycle();
  report(explore({[] {
                    detail::registry_data& d = detail::data();
                    {
                      const std::lock_guard lock(d.mutex);
                      detail::admit_arrivals(d);
                      (void)detail::rotate(d, d.pools, nullptr, aged);
                      for (auto* s = d.pools; s != nullptr; s = s->next) detail::queue_doomed(d, *s);
                    }
                    (void)detail::destroy_all_doomed(d);
                  },
                  [] {
                    core.close();
                    closed = true;
                  }},
                 [] {
                   check_all(p, {objects[1], objects[2]});
                 }));
});

// After a cycle the victim has an object, whatever searches were under way: a get finds it.
const scenario victim("cycle-victim-is-searched", [] {
  begin(1);
  static pool p;
  static void* held;
  p.warm_up(objects[0], {.hints = true});
  report(explore({[] {
                    p.put(objects[0]);
                    detail::pool_state& s = *p.state();
                    s.rotate(aged);
                    s.retire();
                  },
                  [] { held = p.get(); }},
                 [] {
                   const bool was_taken =  // or else the collector found its shard in use, and left it
                       p.state()->victim().shards[0].top.load(std::memory_order_relaxed) ==
                       detail::no_magazine_top();
                   void* const found = held != nullptr ? held : p.get();
                   check(found != nullptr || !was_taken, "the victim has an object, and get() finds none");
                   check_all(p, {found, objects[1], objects[2]});
                 }));
});

}  // namespace
}  // namespace ebb::model
