// Memory and empty magazines: segments, blocks, the spare of a shard, trim(). And the budget.
#include <ebb/detail/idle_budget.hpp>

#include "world.hpp"

namespace ebb::model {
namespace {

using detail::atomic;
using detail::block_arena;
using detail::magazine;
using detail::magazines;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::size_t block_bytes = 64;

void write_into(block_arena& a, std::uint32_t index) { *static_cast<std::uint64_t*>(a.at(index)) = index; }

// Both need the first segment; one maps it for both. And then the second, which one of them may miss.
const scenario map_race("arena-first-segment", [] {
  static block_arena a{block_bytes};
  static std::uint32_t held[3];
  name(&a, sizeof a, "arena");
  report(explore({[] {
                    held[0] = a.allocate();
                    write_into(a, held[0]);
                  },
                  [] {
                    held[1] = a.allocate();
                    write_into(a, held[1]);
                    held[2] = a.allocate();
                    write_into(a, held[2]);
                  }},
                 [] {
                   for (const std::uint32_t i : held) {
                     check(i != 0, "there was no memory");
                     check(*static_cast<std::uint64_t*>(a.at(i)) == i, "a block has two owners");
                   }
                 }));
});

// A block that goes from hand to hand through the free list.
const scenario reuse("arena-release-and-allocate", [] {
  static block_arena a{block_bytes};
  static std::uint32_t held[2];
  name(&a, sizeof a, "arena");
  for (std::uint32_t& i : held) i = a.allocate();
  static const auto body = [](std::uint32_t& mine) {
    write_into(a, mine);
    a.release(mine);
    mine = a.allocate();
    write_into(a, mine);
    check(a.note(mine).load(relaxed) == 0, "the note of a new block is not 0");
  };
  report(explore({[] { body(held[0]); }, [] { body(held[1]); }}, [] {
    check(held[0] != held[1] && held[0] != 0 && held[1] != 0, "a block has two owners");
  }));
});

// The last indices there are. Then there is no memory, and not somebody else's.
const scenario exhausted("arena-runs-out", [] {
  static block_arena a{block_bytes};
  static std::uint32_t held[3];
  for (std::uint32_t i = 1; i + 2 <= detail::max_stack_index; ++i) (void)a.allocate();
  static const auto get = [](std::uint32_t& mine) {
    mine = a.allocate();
    if (mine != 0) write_into(a, mine);
  };
  report(explore({[] { get(held[0]); }, [] { get(held[1]); }, [] { get(held[2]); }}, [] {
    int got = 0;
    for (const std::uint32_t i : held) {
      if (i == 0) continue;
      ++got;
      check(*static_cast<std::uint64_t*>(a.at(i)) == i, "a block has two owners");
    }
    check(got == 2, "two blocks were left, for three threads");
  }));
});

// Two threads under one id: a magazine is one thread's, and its words are as the last owner left them.
const scenario spare("store-spare", [] {
  begin(1);
  static magazine* held[2];
  magazines().release(magazines().acquire(0), 0);
  static const auto body = [](magazine*& mine) {
    for (int i = 0; i < 2; ++i) {
      mine = magazines().acquire(0);
      check(mine != nullptr, "there was no memory");
      mine->word[5] = mine;
      if (i == 0) magazines().release(mine, 0);
    }
  };
  report(explore({[] { body(held[0]); }, [] { body(held[1]); }},
                 [] { check(held[0] != held[1], "a magazine has two owners"); }));
});

// The collector takes all empty magazines and gives a page back; others take and give.
const scenario trim("store-trim", [] {
  begin(1);
  static magazine* held[2];
  // Two pages of two: the second magazine of the first page is in use; its first one, and those of the
  // other page, are in the store.
  magazine* const first = magazines().acquire(0);
  held[0] = magazines().acquire(0);
  magazine* const third = magazines().acquire(0);
  magazines().release(first, 0);
  magazines().release(third, 0);
  options().most_old = 1;
  report(explore({[] { magazines().trim(); },
                  [] {
                    magazines().release(held[0], 0);
                    held[0] = magazines().acquire(0);
                    held[0]->word[5] = nullptr;
                    held[1] = magazines().acquire(0);
                    held[1]->word[5] = nullptr;
                  }},
                 [] {
                   check(held[0] != held[1], "a magazine has two owners");
                   for (int i = 0; i < 8; ++i) {
                     const magazine* const m = magazines().acquire(0);
                     check(m != held[0] && m != held[1], "a magazine in use is in the store");
                   }
                 }));
});

const scenario budget("budget-limit", [] {
  static detail::idle_budget b{5};
  static std::uint32_t held[2];
  name(&b, sizeof b, "budget");
  report(explore({[] {
                    held[0] = b.reserve(2, 2);
                    b.give_up(held[0], 2);
                    held[0] = b.reserve(1, 3);
                  },
                  [] {
                    held[1] = b.reserve(4, 1);
                    if (held[1] > 1) b.give_up(1, 1);
                  },
                  [] {
                    check(b.used() <= b.limit(), "more is in use than the limit");
                    check(b.used() <= b.limit(), "more is in use than the limit");
                  }},
                 [] {
                   const std::uint32_t second = held[1] > 1 ? held[1] - 1 : held[1];
                   check(b.used() == held[0] * 3 + second, "the budget does not add up");
                 }));
});

// The limit is lowered below what is in use: nothing more gets in, and nothing is forgotten.
const scenario lowered("budget-limit-lowered", [] {
  static detail::idle_budget b{4};
  static std::uint32_t held[2];
  name(&b, sizeof b, "budget");
  held[0] = b.reserve(2, 1);
  report(explore({[] { held[1] = b.reserve(2, 1); },
                  [] {
                    b.set_limit(1);
                    check(b.reserve(2, 1) == 0, "room is granted beyond the limit");
                    check(b.excess() >= 1 && b.excess() <= 3, "what is over does not add up");
                  },
                  [] { check(b.used() <= 4, "more is in use than any limit"); }},
                 [] { check(b.used() == held[0] + held[1], "the budget does not add up"); }));
});

// Somebody gives up room that was reserved before anybody counted here.
const scenario below("budget-below-zero", [] {
  static detail::idle_budget b{2};
  name(&b, sizeof b, "budget");
  report(explore({[] { b.give_up(1, 1); }, [] { b.admit(1); },
                  [] {
                    check(b.excess() == 0, "less than nothing is over the limit");
                    check(b.reserve(1, 1) <= 1, "more is granted than was asked for");
                  }},
                 [] { check(b.used() <= 1, "the budget does not add up"); }));
});

}  // namespace
}  // namespace ebb::model
