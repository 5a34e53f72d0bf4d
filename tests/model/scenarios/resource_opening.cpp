// Openings that fail, the pause after them, and those that go on elsewhere.
#include "resource_world.hpp"

namespace ebb::model {
namespace {

pool& pool_of(const resource_limits& l) {
  static pool& p = *new pool(l);
  return p;
}
resource_limits of_capacity(std::size_t capacity) {
  resource_limits l;
  l.capacity = capacity;
  return l;
}
resource_limits with_pause(std::size_t capacity) {
  resource_limits l = of_capacity(capacity);
  l.retry_first = l.retry_most = nanoseconds(100);
  return l;
}
resource_limits elsewhere(std::size_t capacity) {
  resource_limits l = of_capacity(capacity);
  l.opens_elsewhere = true;
  return l;
}

// The first opening fails, and two more threads want the place.
const scenario fails("resource-failed-opening", [] {
  static pool& p = pool_of(of_capacity(1));
  p.core.failures = 1;
  static int got[3], failed[3];
  static const auto visit = [](int me) {
    const outcome o = p.acquire_and_give_back();
    got[me] = o.entry != nullptr;
    failed[me] = o.failed;
  };
  report(explore({[] { visit(0); }, [] { visit(1); }, [] { visit(2); }}, [] {
    check(failed[0] + failed[1] + failed[2] == 1, "not one has heard of the failure");
    check(got[0] + got[1] + got[2] == 2, "a thread got nothing");
    p.end();
  }));
});

// After it there is a pause, and whoever waits has to know of its end.
const scenario failed_and_pause("resource-failed-opening-and-pause", [] {
  static pool& p = pool_of(with_pause(1));
  p.core.failures = 1;
  static outcome a, b;
  report(explore({[] { a = p.acquire_and_give_back(); }, [] { b = p.acquire_and_give_back(); }}, [] {
    check(a.failed + b.failed == 1, "not one has heard of the failure");
    check(a.entry != nullptr || b.entry != nullptr, "a thread got nothing");
    p.end();
  }));
});

// The pause ends at any time, not just when somebody waits for that: between two looks at the clock, too.
void begin_pause(pool& p) {
  p.core.failures = 1;
  check(p.acquire().failed, "the opening did not fail");
}
const scenario pause_ends("resource-pause-ends", [] {
  static pool& p = pool_of(with_pause(1));
  begin_pause(p);
  report(explore({[] { check(p.acquire_and_give_back().entry != nullptr, "a thread got nothing"); },
                  [] { p.clock.pass_until(beginning + nanoseconds(200)); }},
                 [] { p.end(); }));
});
const scenario pause_ends_for_guest("resource-pause-ends-for-coroutine", [] {
  static pool& p = pool_of(with_pause(1));
  static guest& g = *new guest(p.group());
  begin_pause(p);
  report(explore({[] { (void)g.go_on(p.core); }, [] { p.clock.pass_until(beginning + nanoseconds(200)); }},
                 [] {
                   p.end({&g});
                   check(g.came_to == step::got, "it got nothing");
                 }));
});

// The one that would look at the end of the pause leaves: the next one has to.
const scenario pause_left("resource-pause-and-cancel", [] {
  static pool& p = pool_of(with_pause(1));
  static guest &first = *new guest(p.group()), &second = *new guest(p.group());
  begin_pause(p);
  p.queue(first);
  p.queue(second);
  second.look_at = resource_clock::never;  // as one that came before the failure
  report(explore({[] { p.core.give_up(first, pool_errc::cancelled); },
                  [] { p.clock.pass_until(beginning + nanoseconds(200)); }},
                 [] {
                   p.end({&first, &second});
                   check(second.came_to == step::got, "it got nothing");
                 }));
});

// Likewise if it gets what comes back before the pause is over, and may have that for long.
const scenario pause_handed("resource-pause-and-hand-off", [] {
  static pool& p = pool_of(with_pause(2));
  static guest &first = *new guest(p.group()), &second = *new guest(p.group()),
               &third = *new guest(p.group());
  static resource_entry *const held = p.take(), *const broken = p.take();
  for (guest* const g : {&first, &second, &third}) p.queue(*g);
  p.core.failures = 1;
  p.core.discard(*broken);
  check(first.go_on(p.core) == step::refused && second.is_woken, "the opening did not fail, or in secret");
  p.queue(second);
  report(explore(
      {[] { p.core.give_back(*held); }, [] { p.clock.pass_until(beginning + nanoseconds(200)); }}, [] {
        p.end({&first, &second, &third});
      }));
});

// Three want a connection, one may be opened at a time, and the first opening fails.
const scenario failed_and_waiters("resource-failed-opening-and-waiters", [] {
  resource_limits l = with_pause(2);
  l.max_opening = 1;
  static pool& p = pool_of(l);
  p.core.failures = 1;
  static const body visit = [] { (void)p.acquire_and_give_back(); };
  report(explore({visit, visit, visit}, [] { p.end(); }));
});

// --- options.make_async ---

// It is there while the one who asked for it gives up: it is the pool's, or the one's behind it.
const scenario elsewhere_cancel("resource-elsewhere-and-cancel", [] {
  static pool& p = pool_of(elsewhere(1));
  static guest &first = *new guest(p.group()), &second = *new guest(p.group());
  p.queue(first);
  p.queue(second);
  check(p.core.begun_count == 1, "not one is being opened");
  report(explore({[] { p.core.end_opening(*p.core.begun[0], p.core.connect(), nullptr); },
                  [] { p.core.give_up(first, pool_errc::cancelled); }, [] { p.core.drop(second); }},
                 [] {
                   second.came_to = step::refused;
                   p.end({&first, &second});
                 }));
});

// It fails: somebody hears of it, if anybody still waits, and whoever is left has another one opened.
const scenario elsewhere_fails("resource-elsewhere-fails", [] {
  static pool& p = pool_of(elsewhere(1));
  static guest &first = *new guest(p.group()), &second = *new guest(p.group());
  p.queue(first);
  p.queue(second);
  report(explore({[] { p.core.end_opening(*p.core.begun[0], nullptr, connections::no_answer()); },
                  [] { p.core.give_up(first, pool_errc::cancelled); }},
                 [] {
                   while (first.is_woken || second.is_woken) {
                     for (guest* const g : {&first, &second}) {
                       if (g->is_woken) (void)g->go_on(p.core);
                     }
                   }
                   check(!first.failed != !second.failed, "not one has heard of the failure");
                   if (second.came_to == step::waits) {
                     check(p.core.begun_count == 2, "somebody waits, and nothing is being opened");
                     p.core.end_opening(*p.core.begun[1], p.core.connect(), nullptr);
                   }
                   p.end({&first, &second});
                 }));
});

// And then there is a pause: the one behind it has another one opened at its end.
const scenario elsewhere_pause("resource-elsewhere-fails-and-pause", [] {
  resource_limits l = elsewhere(1);
  l.retry_first = l.retry_most = nanoseconds(100);
  static pool& p = pool_of(l);
  static guest &first = *new guest(p.group()), &second = *new guest(p.group());
  p.queue(first);
  p.queue(second);
  report(explore({[] { p.core.end_opening(*p.core.begun[0], nullptr, connections::no_answer()); },
                  [] { p.clock.pass_until(beginning + nanoseconds(200)); }},
                 [] {
                   check(first.go_on(p.core) == step::refused && first.failed,
                         "it has not heard of the failure");
                   check(second.is_woken, "nobody looks at the end of the pause");
                   (void)second.go_on(p.core);
                   p.clock.pass_until(beginning + nanoseconds(400));
                   (void)second.go_on(p.core);
                   check(p.core.begun_count == 2, "somebody waits, and nothing is being opened");
                   p.core.end_opening(*p.core.begun[1], p.core.connect(), nullptr);
                   p.end({&first, &second});
                 }));
});

// It is begun, and dropped without a word before that has come to its end.
const scenario elsewhere_dropped("resource-elsewhere-dropped", [] {
  static pool& p = pool_of(elsewhere(1));
  static coroutine& c = *new coroutine(p.group());
  p.core.drops_at_once = true;
  report(explore({[] { c.run(p.core); }, [] { p.core.give_up(c, pool_errc::cancelled); }}, [] {
    check(c.failed != nullptr || c.is_told(pool_errc::cancelled), "it was told something else");
    p.end();
  }));
});

// It ends, or is dropped, on another thread, before those that began it are through with that.
void ends_while_it_starts(body ends) {
  static pool& p = pool_of(elsewhere(1));
  static coroutine& c = *new coroutine(p.group());
  report(explore({[] { c.run(p.core); }, ends}, [] {
    p.give_back(c);
    p.end();
  }));
}
const scenario elsewhere_starts("resource-elsewhere-ends-at-once", [] {
  ends_while_it_starts([] {
    connections& core = pool_of(elsewhere(1)).core;
    core.end_opening(core.first_begun(), core.connect(), nullptr);
  });
});
const scenario elsewhere_starts_and_dropped("resource-elsewhere-dropped-at-once", [] {
  ends_while_it_starts([] {
    connections& core = pool_of(elsewhere(1)).core;
    core.drop_opening(core.first_begun());
  });
});

// The pool is closed meanwhile, or gone: it is closed as soon as it is there.
const scenario elsewhere_close("resource-elsewhere-and-close", [] {
  static pool& p = pool_of(elsewhere(1));
  static guest& g = *new guest(p.group());
  p.queue(g);
  report(explore({[] { p.core.end_opening(*p.core.begun[0], p.core.connect(), nullptr); },
                  [] { (void)p.core.close(beginning); }},
                 [] {
                   p.settle({&g});
                   check(p.core.open.load(relaxed) == 0, "the pool is closed, and a connection is open");
                   p.end();
                 }));
});
const scenario elsewhere_abandon("resource-elsewhere-and-abandon", [] {
  static pool& p = pool_of(elsewhere(2));
  static resource_entry* held = nullptr;
  static guest& g = *new guest(p.group());
  p.queue(g);
  p.core.end_opening(*p.core.begun[0], p.core.connect(), nullptr);
  check(g.go_on(p.core) == step::got, "it got nothing");
  held = g.entry;
  static guest& late = *new guest(p.group());
  p.queue(late);
  p.core.keep(p.group());
  static const auto opening = p.core.begun[1];
  report(explore({[] { p.core.end_opening(*opening, p.core.connect(), nullptr); },
                  [] {
                    p.core.give_back(*held);
                    p.core.drop(late);
                    p.core.unkeep(p.core.only_group());
                  },
                  [] { p.core.abandon(); }},
                 [] { pool::check_ended(); }));
});

}  // namespace
}  // namespace ebb::model
