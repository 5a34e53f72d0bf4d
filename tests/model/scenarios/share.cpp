// The process's budget: pools that grow out of the pot while the collector shares out anew.
//
// What the budgets have, what they owe and what is in the pot make up the total, always.
#include "pool_world.hpp"

namespace ebb::model {
namespace {

using detail::process_budget;

constexpr std::uint64_t each = sizeof(token);
constexpr std::uint64_t total = 6 * each;
constexpr auto relaxed = std::memory_order_relaxed;

tokens<3> objects;

struct two_pools {
  pool a, b;
  two_pools() {
    a.warm_up(objects[0]);
    b.warm_up(objects[0]);
    cycle();  // admits them
    name(&budget_a(), sizeof budget_a(), "budget a");
    name(&budget_b(), sizeof budget_b(), "budget b");
  }
  [[nodiscard]] detail::idle_budget& budget_a() noexcept { return a.state()->own_budget; }
  [[nodiscard]] detail::idle_budget& budget_b() noexcept { return b.state()->own_budget; }
  [[nodiscard]] std::uint64_t used() noexcept { return budget_a().used_bytes() + budget_b().used_bytes(); }
  // What they have, and what they owe.
  [[nodiscard]] std::uint64_t taken() noexcept {
    return budget_a().share().load(relaxed) + budget_a().owed + budget_b().share().load(relaxed) +
           budget_b().owed;
  }
  // Whether the pot has all the rest, and no more.
  void check_the_rest() {
    check(taken() <= total, "more is shared out than there is");
    const std::uint64_t rest = total - taken();
    process_budget::set_total(total);  // everybody may have all of it
    detail::idle_budget last{detail::no_limit};
    process_budget::join(last);
    check(rest == 0 || process_budget::grow(last, rest), "room is lost");
    process_budget::set_total(total + 1);
    detail::idle_budget more{detail::no_limit};
    process_budget::join(more);
    check(!process_budget::grow(more, 2), "there is room twice");
  }
};

two_pools& pools_under_a_budget() {
  begin(1);
  static two_pools p;
  process_budget::set_total(total);
  process_budget::share_out(detail::data().pools);
  return p;
}

void share_out() { process_budget::share_out(detail::data().pools); }

// Both take what is left in the pot.
const scenario pot("share-of-the-pot", [] {
  static two_pools& p = pools_under_a_budget();
  report(explore({[] { (void)process_budget::grow(p.budget_a(), 4 * each); },
                  [] { (void)process_budget::grow(p.budget_b(), 3 * each); },
                  [] { (void)process_budget::grow(p.budget_b(), each); }},
                 [] { p.check_the_rest(); }));
});

// A pool grows on two threads, and is made smaller meanwhile.
const scenario grows("share-grow-and-share-out", [] {
  static two_pools& p = pools_under_a_budget();
  check(process_budget::grow(p.budget_a(), 2 * each), "the pot is empty");
  report(explore({[] { (void)process_budget::grow(p.budget_a(), 2 * each); },
                  [] { (void)process_budget::grow(p.budget_a(), each); }, share_out},
                 [] { p.check_the_rest(); }));
});

// The budget is taken away while a pool grows: it has no share from then on, and not a few bytes.
const scenario removed("share-removed", [] {
  static two_pools& p = pools_under_a_budget();
  report(explore(
      {[] { (void)process_budget::grow(p.budget_a(), each); },
       [] {
         process_budget::set_total(detail::no_limit);
         share_out();
       }},
      [] { check(p.budget_a().share().load(relaxed) == detail::no_limit, "a share without a budget"); }));
});

// What is doomed has its room until it is destroyed, whoever settles; nobody else gets it before.
const scenario settled("share-settled", [] {
  begin(1);
  static two_pools p;
  for (unsigned i = 0; i < 2; ++i) p.a.core.put(objects[i]);
  cycle();
  for (pool* const one : {&p.a, &p.b}) one->state()->count_room();
  static const std::uint64_t bound = p.used();
  check(bound == 2 * each, "two objects are idle");
  process_budget::set_total(bound);
  share_out();
  cycle();
  share_out();             // a does not need them any more
  options().most_old = 0;  // or what a used is seen as it was
  static const body settle = [] {
    const std::lock_guard lock(detail::data().mutex);
    process_budget::settle(detail::data().pools);
  };
  report(explore({[] {
                    (void)p.a.state()->destroy_doomed();
                    settle();
                  },
                  settle,
                  [] {
                    (void)p.b.state()->reserve(1);
                    check(p.used() <= bound, "more is idle than the process may keep");
                  }},
                 [] { check(p.used() <= bound, "more is idle than the process may keep"); }));
});

}  // namespace
}  // namespace ebb::model
