// Connections that not everybody can use: for other keys, and with other settings.
#include "resource_world.hpp"

namespace ebb::model {
namespace {

pool& pool_of(const resource_limits& l) {
  static pool& p = *new pool(l);
  return p;
}
pool& keyed_pool(std::size_t capacity) {
  resource_limits l;
  l.capacity = capacity;
  l.is_keyed = true;
  return pool_of(l);
}
void visit(pool& p, std::size_t key) {
  check(p.acquire_and_give_back({}, key).entry != nullptr, "a thread got nothing");
}

// One is idle under a key, and wanted there, while another key needs its place.
const scenario evict("resource-evict-and-acquire", [] {
  static pool& p = keyed_pool(1);
  p.core.give_back(*p.take(0));
  report(explore({[] { visit(p, 0); }, [] { visit(p, 1); }, [] { visit(p, 1); }}, [] { p.end(); }));
});

// All are in use: whoever waits for any key gets the place of the one that comes back.
const scenario other_key("resource-other-key-waits", [] {
  static pool& p = keyed_pool(1);
  static resource_entry* const held = p.take(0);
  report(explore({[] { visit(p, 1); }, [] { visit(p, 0); }, [] { p.core.give_back(*held); }},
                 [] { p.end(); }));
});

// Who was granted what is to be evicted gives up, or will not come again. Behind it another one waits.
void leave_eviction(body leaves) {
  pool& p = keyed_pool(1);
  static resource_entry* const held = p.take(0);
  report(explore({[] { keyed_pool(1).core.give_back(*held); }, leaves, [] { visit(keyed_pool(1), 0); }},
                 [] { keyed_pool(1).end(); }));
}
guest* leaving = nullptr;
const scenario drop_eviction("resource-drop-and-evict", [] {
  leaving = new guest(keyed_pool(1).group(1));
  leave_eviction([] {
    (void)leaving->go_on(keyed_pool(1).core);
    keyed_pool(1).give_back(*leaving);
    if (leaving->came_to == step::waits) keyed_pool(1).core.drop(*leaving);
    delete leaving;
  });
});

// Places of evicted ones and a lower capacity, or the end.
const scenario evict_and_shrink("resource-evict-and-shrink", [] {
  static pool& p = keyed_pool(2);
  static resource_entry *const held = p.take(0), *const idle = p.take(0);
  p.core.give_back(*idle);
  report(
      explore({[] { visit(p, 1); }, [] { p.core.give_back(*held); }, [] { p.core.set_capacity(1); }}, [] {
        check(p.core.open.load(relaxed) <= 1, "more are open than may be");
        p.end();
      }));
});
const scenario evict_and_close("resource-evict-and-close", [] {
  static pool& p = keyed_pool(1);
  static resource_entry* const held = p.take(0);
  static coroutine& c = *new coroutine(p.group(1));
  report(explore({[] {
                    c.run(p.core);
                    p.give_back(c);
                  },
                  [] { p.core.give_back(*held); }, [] { (void)p.core.close(beginning); }},
                 [] {
                   check(c.came_to == step::got || c.is_told(pool_errc::closed),
                         "it was told something else");
                   p.end();
                 }));
});

// A bound for each key: who waits for a key that has its share does not stand in the way of others.
const scenario share("resource-key-is-full", [] {
  resource_limits l;
  l.capacity = 2;
  l.capacity_per_key = 1;
  l.is_keyed = true;
  static pool& p = pool_of(l);
  static resource_entry* const held = p.take(0);
  static guest& g = *new guest(p.group(0));
  p.queue(g);
  report(explore({[] { visit(p, 1); }, [] { visit(p, 1); }, [] { p.core.give_back(*held); }},
                 [] { p.end({&g}); }));
});

// --- settings ---

setting_id new_setting() { return std::make_shared<const int>(0); }

// Threads that want different settings of one connection.
const scenario settings("resource-settings", [] {
  resource_limits l;
  l.capacity = 1;
  static pool& p = pool_of(l);
  static const setting_id red = new_setting(), blue = new_setting();
  p.core.give_back(*p.take());
  static const body wants_red = [] {
    check(p.acquire_and_give_back({}, 0, red).entry != nullptr, "a thread got nothing");
  };
  static const body wants_blue = [] {
    check(p.acquire_and_give_back({}, 0, blue).entry != nullptr, "a thread got nothing");
  };
  report(explore({wants_red, wants_blue, wants_red}, [] { p.end(); }));
});

// The last that knew a setting has it changed. What ends with it is the user's, and may look at the pool.
const scenario setting_ends("resource-setting-ends", [] {
  resource_limits l;
  l.capacity = 1;
  static pool& p = pool_of(l);
  static const setting_id blue = new_setting();
  p.core.give_back(*p.acquire({}, 0,
                              setting_id(new int(0),
                                         [](const int* last) {
                                           (void)p.core.stats();
                                           delete last;
                                         }))
                        .entry);
  static const body wants_blue = [] {
    check(p.acquire_and_give_back({}, 0, blue).entry != nullptr, "a thread got nothing");
  };
  report(explore({wants_blue, wants_blue}, [] { p.end(); }));
});

// One that waits has been passed over as often as may be, and the next has the right setting again: now it
// is its turn, whether or not that one gives up.
const scenario passed_over("resource-passed-over", [] {
  resource_limits l;
  l.capacity = 1;
  static pool& p = pool_of(l);
  static const setting_id red = new_setting(), blue = new_setting();
  static resource_entry* held = p.acquire({}, 0, red).entry;
  static guest& first = *new guest(p.group(), blue);
  p.queue(first);
  for (int i = 0; i < 8; ++i) {
    guest& g = *new guest(p.group(), red);
    p.queue(g);
    p.core.give_back(*held);
    check(g.is_woken && g.go_on(p.core) == step::got, "the one with the right setting got nothing");
    held = g.entry;
  }
  static guest& last = *new guest(p.group(), red);
  p.queue(last);
  report(explore({[] { p.core.give_back(*held); }, [] { p.core.give_up(last, pool_errc::cancelled); }}, [] {
    check(first.is_woken && !first.is_queued, "it was passed over again");
    p.end({&first, &last});
    check(last.is_told(pool_errc::cancelled), "it was told something else");
  }));
});

}  // namespace
}  // namespace ebb::model
