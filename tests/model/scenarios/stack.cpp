// The versioned stack, with a version of two bits: wrapping around is what every scenario does.
#include <ebb/detail/versioned_stack.hpp>

#include "checked.hpp"

namespace ebb::model {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

// Elements 1 to 5, each with plain data of its owner.
struct elements {
  detail::versioned_stack stack;
  detail::atomic<std::uint32_t> links[6];
  int uses[6] = {};

  elements() { name(this, sizeof *this, "stack"); }
  void push(std::uint32_t i) {
    ++uses[i];
    stack.push(i, [&](std::uint32_t below) { links[i].store(below, relaxed); });
  }
  std::uint32_t pop() {
    const std::uint32_t i = stack.pop([&](std::uint32_t e) { return links[e].load(relaxed); });
    if (i != 0) ++uses[i];
    return i;
  }
  void let_the_version_wrap_soon() {
    for (int i = 0; i < 3; ++i) {
      push(1);
      (void)pop();
    }
  }
  // What the threads hold, and what is left, are the elements `first` to `last`.
  void check_complete(std::initializer_list<std::uint32_t> held, std::uint32_t first, std::uint32_t last) {
    unsigned found = 0;
    const auto see = [&](std::uint32_t i) {
      check((found & 1u << i) == 0, "an element is in two places");
      found |= 1u << i;
    };
    for (const std::uint32_t i : held) {
      if (i != 0) see(i);
    }
    while (const std::uint32_t i = pop()) see(i);
    for (std::uint32_t i = first; i <= last; ++i) check((found & 1u << i) != 0, "an element is lost");
  }
};

const scenario two_and_two("stack-push-and-pop", [] {
  static elements e;
  static std::uint32_t held[2];
  e.let_the_version_wrap_soon();
  e.push(1);
  report(explore({[] {
                    e.push(2);
                    held[0] = e.pop();
                  },
                  [] {
                    e.push(3);
                    held[1] = e.pop();
                  }},
                 [] {
                   e.check_complete({held[0], held[1]}, 1, 3);
                 }));
});

// While one thread stands between the read of the head and its compare-exchange, the other takes two
// elements and gives one back.
const scenario aba("stack-aba", [] {
  static elements e;
  static std::uint32_t held[3];
  e.let_the_version_wrap_soon();
  for (const std::uint32_t i : {3u, 2u, 1u}) e.push(i);
  report(explore({[] { held[0] = e.pop(); },
                  [] {
                    const std::uint32_t first = e.pop();
                    held[1] = e.pop();
                    if (first != 0) e.push(first);
                  },
                  [] { held[2] = e.pop(); }},
                 [] {
                   e.check_complete({held[0], held[1], held[2]}, 1, 3);
                 }));
});

const scenario three("stack-three-threads", [] {
  static elements e;
  static std::uint32_t held[3];
  e.push(1);
  report(explore({[] { e.push(2); },
                  [] {
                    held[0] = e.pop();
                    held[1] = e.pop();
                  },
                  [] { held[2] = e.pop(); }},
                 [] {
                   e.check_complete({held[0], held[1], held[2]}, 1, 2);
                 }));
});

}  // namespace
}  // namespace ebb::model
