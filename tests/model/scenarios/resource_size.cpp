// How many may be open changes, and what time brings, while connections come and go.
#include "resource_world.hpp"

namespace ebb::model {
namespace {

pool& pool_of(const resource_limits& l) {
  static pool& p = *new pool(l);
  return p;
}
pool& pool_of(std::size_t capacity) {
  resource_limits l;
  l.capacity = capacity;
  return pool_of(l);
}
void visit_of(pool& p) { check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing"); }

// Two are in use, and one of them is too many: whichever comes back first is closed.
const scenario shrink_and_return("resource-shrink-and-return", [] {
  static pool& p = pool_of(2);
  static resource_entry *const a = p.take(), *const b = p.take();
  report(explore(
      {[] { p.core.give_back(*a); }, [] { p.core.give_back(*b); }, [] { p.core.set_capacity(1); }}, [] {
        check(p.core.open.load(relaxed) == 1, "not as many are open as may be");
        p.end();
      }));
});

// The same while somebody waits: who must be served by the one that may stay.
const scenario shrink_and_wait("resource-shrink-and-wait", [] {
  static pool& p = pool_of(2);
  static resource_entry *const a = p.take(), *const b = p.take();
  static guest& g = *new guest(p.group());
  p.queue(g);
  report(explore(
      {[] { p.core.give_back(*a); }, [] { p.core.give_back(*b); }, [] { p.core.set_capacity(1); }}, [] {
        check(p.core.open.load(relaxed) <= 1, "more are open than may be");
        p.end({&g});
        check(g.came_to == step::got, "it got nothing");
      }));
});

// While one is being opened.
const scenario shrink_and_open("resource-shrink-and-open", [] {
  static pool& p = pool_of(2);
  static const body opens = [] { visit_of(p); };
  report(explore({opens, opens, [] { p.core.set_capacity(1); }}, [] {
    check(p.core.open.load(relaxed) == 1, "not as many are open as may be");
    p.end();
  }));
});

// A pause: nobody gets any until it is over.
const scenario pause("resource-grow-and-wait", [] {
  static pool& p = pool_of(1);
  p.core.set_capacity(0);
  static const body waits = [] { visit_of(p); };
  report(explore({waits, waits, [] { p.core.set_capacity(1); }}, [] { p.end(); }));
});

// What was open before is closed, whether it is idle or in use. What is handed on is newer.
const scenario reset("resource-reset", [] {
  static pool& p = pool_of(2);
  static resource_entry *const a = p.take(), *const b = p.take();
  p.core.give_back(*b);
  report(explore({[] { p.core.give_back(*a); }, [] { visit_of(p); }, [] { p.core.reset_all(); }}, [] {
    for (const resource_entry* e = p.group().idle.first(); e != nullptr; e = e->next) {
      check(e->generation == 1, "what was to be closed is idle");
    }
    p.end();
  }));
});

// What has been idle for too long is closed, or somebody has it, and it is not in the pool's way.
void look_after_and_acquire(resource_limits l) {
  l.capacity = 1;
  static pool& p = pool_of(l);
  p.core.give_back(*p.take());
  p.clock.pass_until(beginning + nanoseconds(100));
  static const body uses = [] { visit_of(p); };
  report(explore({[] { p.core.look_after(); }, uses, uses}, [] { p.end(); }));
}
const scenario expire("resource-expire-and-acquire", [] {
  resource_limits l;
  l.idle_timeout = nanoseconds(50);
  look_after_and_acquire(l);
});
const scenario lifetime("resource-lifetime-and-acquire", [] {
  resource_limits l;
  l.max_lifetime = nanoseconds(50);
  look_after_and_acquire(l);
});
const scenario check_idle("resource-check-and-acquire", [] {
  resource_limits l;
  l.check_every = l.check_after_idle = nanoseconds(50);
  l.checks = true;
  look_after_and_acquire(l);
});
// A check finds that what is idle works no more; so does who wants to have it.
const scenario check_fails("resource-check-fails", [] {
  resource_limits l;
  l.capacity = 1;
  l.check_every = l.check_after_idle = nanoseconds(50);
  l.checks = true;
  static pool& p = pool_of(l);
  p.core.give_back(*p.take());
  p.clock.pass_until(beginning + nanoseconds(100));
  p.core.works = false;
  static const body uses = [] { visit_of(p); };
  report(explore({[] { p.core.look_after(); }, uses, uses}, [] { p.end(); }));
});
// Those that are to be there at least, while others are opened.
const scenario keep("resource-keep-and-acquire", [] {
  resource_limits l;
  l.capacity = 2;
  l.keep_at_least = 2;
  static pool& p = pool_of(l);
  static const body uses = [] { visit_of(p); };
  report(explore({[] { p.core.look_after(); }, uses, uses}, [] {
    check(p.core.open.load(relaxed) == 2, "not as many are there as are to be");
    p.end();
  }));
});
// The thread that looks after pools is inside when this one is closed.
const scenario look_after_and_close("resource-look-after-and-close", [] {
  resource_limits l;
  l.capacity = 2;
  l.keep_at_least = 2;
  l.check_every = nanoseconds(50);
  l.checks = true;
  l.report_after = nanoseconds(50);
  static pool& p = pool_of(l);
  static resource_entry* const held = p.take();
  p.core.give_back(*p.take());
  p.clock.pass_until(beginning + nanoseconds(100));
  report(explore({[] { p.core.look_after(); }, [] { p.core.give_back(*held); },
                  [] {
                    check(p.core.close(resource_clock::never), "close() gave up, and had no reason to");
                    check(p.core.open.load(relaxed) == 0, "the pool is closed, and a connection is open");
                    check(p.core.reports <= 1, "a lease is reported twice");  // and nobody reports any more
                  }},
                 [] { p.end(); }));
});

}  // namespace
}  // namespace ebb::model
