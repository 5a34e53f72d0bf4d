// The end of a pool: nothing stays open, everybody hears of it, and the core ends once, with the last that
// needs it.
#include "resource_world.hpp"

namespace ebb::model {
namespace {

pool& pool_of(std::size_t capacity) {
  resource_limits l;
  l.capacity = capacity;
  static pool& p = *new pool(l);
  return p;
}

void check_got_or_closed(const outcome& o) {
  check((o.entry != nullptr) != (o.refused == pool_errc::closed), "it was told something else");
}
void check_nothing_is_open(const connections& core) {
  check(core.open.load(relaxed) == 0, "the pool is closed, and a connection is open");
}

// While one is being opened, and another thread waits for it.
const scenario close_and_open("resource-close-and-open", [] {
  static pool& p = pool_of(1);
  static outcome a, b;
  report(explore({[] { a = p.acquire_and_give_back(); }, [] { b = p.acquire_and_give_back(); },
                  [] {
                    check(p.core.close(resource_clock::never), "close() gave up, and had no reason to");
                    check_nothing_is_open(p.core);
                  }},
                 [] {
                   check_got_or_closed(a);
                   check_got_or_closed(b);
                   check_nothing_is_open(p.core);
                   p.end();
                 }));
});

// While they come back; close() waits for the last.
const scenario close_and_return("resource-close-and-return", [] {
  static pool& p = pool_of(2);
  static resource_entry *const a = p.take(), *const b = p.take();
  report(explore({[] { p.core.give_back(*a); }, [] { p.core.discard(*b); },
                  [] {
                    check(p.core.close(resource_clock::never), "close() gave up, and had no reason to");
                    check_nothing_is_open(p.core);
                  }},
                 [] { p.end(); }));
});

// Threads wait. The last connection comes back only when all of them have been told, so close() has to have
// done that before it waits itself.
template <int Count>
void close_and_wait() {
  static pool& p = pool_of(1);
  static resource_entry* const held = p.take();
  static detail::atomic<int> told{0};
  constexpr auto waits = [] {
    check(p.acquire().refused == pool_errc::closed, "it was told something else");
    if (told.fetch_add(1, relaxed) == Count - 1) p.core.give_back(*held);
  };
  constexpr auto closes = [] {
    check(p.core.close(resource_clock::never), "close() gave up, and had no reason to");
  };
  constexpr auto at_end = [] { p.end(); };
  report(Count == 1 ? explore({waits, closes}, at_end) : explore({waits, waits, closes}, at_end));
}
const scenario close_and_one_waits("resource-close-and-one-waits", close_and_wait<1>);
const scenario close_and_two_wait("resource-close-and-two-wait", close_and_wait<2>);

// One that is granted a connection or a place in the moment in which the pool is closed: `granting` does
// it.
void close_and_grant(body granting) {
  static pool& p = pool_of(1);
  static coroutine& c = *new coroutine(p.group());
  report(explore({granting, [] { c.run(p.core); }, [] { (void)p.core.close(beginning); }}, [] {
    p.give_back(c);
    check(c.came_to == step::got || c.is_told(pool_errc::closed), "it was told something else");
    check_nothing_is_open(p.core);
    p.end();
  }));
}
resource_entry* lease = nullptr;
const scenario close_and_hand_off("resource-close-and-hand-off", [] {
  lease = pool_of(1).take();
  close_and_grant([] { pool_of(1).core.give_back(*lease); });
});
const scenario close_and_place("resource-close-and-place", [] {
  lease = pool_of(1).take();
  close_and_grant([] { pool_of(1).core.discard(*lease); });
});

// The pool is gone, and leases come back: the last of them ends the core.
const scenario abandon_and_return("resource-abandon-and-return", [] {
  static pool& p = pool_of(2);
  static resource_entry *const a = p.take(), *const b = p.take();
  report(explore({[] { p.core.give_back(*a); }, [] { p.core.discard(*b); }, [] { p.core.abandon(); }},
                 [] { pool::check_ended(); }));
});
const scenario abandon_and_detach("resource-abandon-and-detach", [] {
  static pool& p = pool_of(2);
  static resource_entry *const a = p.take(), *const b = p.take();
  report(explore({[] {
                    p.core.open.fetch_sub(1, relaxed);  // it is no more the pool's
                    delete static_cast<connection*>(p.core.detach(*a));
                  },
                  [] { p.core.give_back(*b); }, [] { p.core.abandon(); }},
                 [] { pool::check_ended(); }));
});

// What has a pointer to the core keeps it: a coroutine that waits, and is refused.
const scenario abandon_and_coroutine("resource-abandon-and-coroutine", [] {
  static pool& p = pool_of(1);
  static resource_entry* const held = p.take();
  static coroutine& c = *new coroutine(p.group());
  p.core.keep(p.group());
  report(explore({[] {
                    c.run(p.core);
                    p.give_back(c);
                    p.core.unkeep(p.core.only_group());
                  },
                  [] { p.core.give_back(*held); }, [] { p.core.abandon(); }},
                 [] {
                   check(c.came_to == step::got || c.is_told(pool_errc::closed),
                         "it was told something else");
                   pool::check_ended();
                 }));
});
// And one that is dropped.
const scenario abandon_and_drop("resource-abandon-and-drop", [] {
  static pool& p = pool_of(1);
  static resource_entry* const held = p.take();
  static guest& g = *new guest(p.group());
  p.core.keep(p.group());
  p.queue(g);
  report(explore({[] {
                    p.core.drop(g);
                    p.core.unkeep(p.core.only_group());
                  },
                  [] { p.core.give_back(*held); }, [] { p.core.abandon(); }},
                 [] { pool::check_ended(); }));
});

// And the thread that looks after pools, which closes something just then: it is waited for, or it ends the
// core itself, or it does not get to know it any more.
const scenario abandon_and_look_after("resource-abandon-and-look-after", [] {
  resource_limits l;
  l.capacity = 2;
  l.idle_timeout = nanoseconds(50);
  static pool& p = *new pool(l);
  static resource_entry *const held = p.take(), *const idle = p.take();
  p.core.give_back(*idle);
  p.clock.pass_until(beginning + nanoseconds(100));
  local_to_each_thread(&detail::is_keeper, sizeof detail::is_keeper);
  report(explore(
      {[] { detail::keeper_comes(p.core); }, [] { p.core.give_back(*held); }, [] { p.core.abandon(); }},
      [] { pool::check_ended(); }));
});

}  // namespace
}  // namespace ebb::model
