// Who waits for a connection gets one, or hears why not, whatever else happens in the same moment.
#include "resource_world.hpp"

namespace ebb::model {
namespace {

pool& pool_of(std::size_t capacity) {
  resource_limits l;
  l.capacity = capacity;
  static pool& p = *new pool(l);
  return p;
}

// Threads: one gives back, two wait.
const scenario hand_off("resource-hand-off", [] {
  static pool& p = pool_of(1);
  static resource_entry* const held = p.take();
  static const body visit = [] {
    check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing");
  };
  report(explore({visit, visit, [] { p.core.give_back(*held); }}, [] { p.end(); }));
});

// As a lease_source does it: what is idle is looked for by itself first.
const scenario hits("resource-hits", [] {
  static pool& p = pool_of(1);
  p.core.give_back(*p.take());
  static const body visit = [] {
    resource_entry* e = p.core.take_now(p.group(), {}, {});
    if (e == nullptr) e = p.take();
    ++of(*e).uses;
    p.core.give_back(*e);
  };
  report(explore({visit, visit}, [] {
    check(p.core.stats().opened == 1, "what was idle was not taken");
    p.end();
  }));
});

// The first of two that wait gives up while it is granted what comes back.
const scenario cancel("resource-hand-off-and-cancel", [] {
  static pool& p = pool_of(1);
  static guest &first = *new guest(p.group()), &second = *new guest(p.group());
  static resource_entry* const held = p.take();
  p.queue(first);
  p.queue(second);
  report(explore({[] { p.core.give_back(*held); }, [] { p.core.give_up(first, pool_errc::cancelled); },
                  [] { (void)p.acquire_and_give_back({.waits = false}); }},
                 [] {
                   p.settle({&first, &second});
                   check(p.core.stats().opened == 1, "what was handed on is closed");
                   p.end();
                   check(first.came_to == step::got || first.is_told(pool_errc::cancelled),
                         "it was told something else");
                   check(second.came_to == step::got, "the one behind it got nothing");
                 }));
});

// The same with an executor that lets it go on meanwhile.
const scenario coroutine_cancel("resource-coroutine-and-cancel", [] {
  static pool& p = pool_of(1);
  static coroutine& c = *new coroutine(p.group());
  static resource_entry* const held = p.take();
  report(explore({[] {
                    c.run(p.core);
                    p.give_back(c);
                  },
                  [] { p.core.give_back(*held); }, [] { p.core.give_up(c, pool_errc::cancelled); }},
                 [] {
                   p.end();
                   check(c.came_to == step::got || c.is_told(pool_errc::cancelled),
                         "it was told something else");
                 }));
});

// A thread whose time is over in the same moment, and another one that came after it.
const scenario time_out("resource-hand-off-and-time-out", [] {
  static pool& p = pool_of(1);
  static resource_entry* const held = p.take();
  static outcome first;
  report(explore({[] { first = p.acquire_and_give_back({.deadline = beginning + nanoseconds(5)}); },
                  [] { check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing"); },
                  [] { p.core.give_back(*held); }},
                 [] {
                   p.end();
                   check((first.entry != nullptr) != (first.refused == pool_errc::timed_out),
                         "it was told something else");
                 }));
});

// One that waits will not come again, whatever it is granted in the same moment: a connection, or a place.
guest* leaving = nullptr;
resource_entry* lease = nullptr;
void drop_while(body other) {
  pool& p = pool_of(1);
  lease = p.take();
  leaving = new guest(p.group());
  p.queue(*leaving);
  report(
      explore({other,
               [] {
                 pool_of(1).core.drop(*leaving);
                 delete leaving;  // nobody may know of it now
               },
               [] { check(pool_of(1).acquire_and_give_back().entry != nullptr, "a thread got nothing"); }},
              [] { pool_of(1).end(); }));
}
const scenario drop_hand_off("resource-drop-and-hand-off",
                             [] { drop_while([] { pool_of(1).core.give_back(*lease); }); });
const scenario drop_place("resource-drop-and-place",
                          [] { drop_while([] { pool_of(1).core.discard(*lease); }); });

// The place of what is broken, or taken out of the pool, is somebody else's, but not before it is closed.
const scenario discard("resource-discard", [] {
  static pool& p = pool_of(1);
  static resource_entry* const held = p.take();
  static const body visit = [] {
    check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing");
  };
  report(explore({[] { p.core.discard(*held); }, visit, visit}, [] { p.end(); }));
});
const scenario detach("resource-detach", [] {
  static pool& p = pool_of(2);
  p.core.bound = 3;  // with the one that is the pool's no more
  static resource_entry* const held = p.take();
  static resource_entry* const other = p.take();
  static const body visit = [] {
    check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing");
  };
  report(explore({[] {
                    auto* const mine = static_cast<connection*>(p.core.detach(*held));
                    ++mine->uses;
                    delete mine;
                    p.core.open.fetch_sub(1, relaxed);
                  },
                  visit, visit},
                 [] {
                   p.core.give_back(*other);
                   p.end();
                 }));
});

// What on_return refuses is not handed on.
const scenario returned_broken("resource-broken-return", [] {
  resource_limits l;
  l.capacity = 1;
  l.resets = true;
  static pool& p = *new pool(l);
  static resource_entry* const held = p.take();
  p.core.is_good = false;
  static const body visit = [] {
    check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing");
  };
  report(explore({[] { p.core.give_back(*held); }, visit}, [] {
    check(p.core.stats().idle == 0, "what is broken is idle");
    p.end();
  }));
});

}  // namespace
}  // namespace ebb::model
