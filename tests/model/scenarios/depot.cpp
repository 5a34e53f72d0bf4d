// Full magazines in a depot: magazines that come back with other contents, and the total.
#include <ebb/detail/depot.hpp>

#include "world.hpp"

namespace ebb::model {
namespace {

using detail::depot;
using detail::magazines;
using detail::owned_magazine;

tokens<5> objects;

owned_magazine with(std::initializer_list<unsigned> which) {
  const auto n = static_cast<std::uint32_t>(which.size());
  owned_magazine m = owned_magazine::empty(magazines().acquire(0), n);
  for (const unsigned i : which) m.add(objects[i]);
  return m;
}

void use_all(owned_magazine m) {
  while (m.count() > 0) use(m.take());
}

void find_all(owned_magazine m) {
  while (m && m.count() > 0) objects.found(m.take());
}

depot& new_depot() {
  begin(1);
  static depot d;
  name(&d, sizeof d, "depot");
  name(&objects, sizeof objects, "objects");
  return d;
}

const scenario push_pop("depot-push-and-pop", [] {
  static depot& d = new_depot();
  static owned_magazine first = with({0, 1}), second = with({2}), third = with({3, 4});
  static owned_magazine held[2];
  d.push(first);
  report(explore({[] {
                    use_all(second);
                    d.push(second);
                    use_all(third);
                    d.push(third);
                  },
                  [] {
                    if ((held[0] = d.pop())) use_all(held[0]);
                    if ((held[1] = d.pop())) use_all(held[1]);
                  }},
                 [] {
                   for (const owned_magazine& m : held) find_all(m);
                   while (const owned_magazine m = d.pop()) find_all(m);
                   objects.check_each_found_once();
                 }));
});

// A thief, while the owner empties a magazine, fills it again, and pushes it back above another.
const scenario recycle("depot-steal-and-refill", [] {
  static depot& d = new_depot();
  static owned_magazine held[2];
  d.push(with({0, 1}));
  d.push(with({2}));
  report(explore({[] {
                    owned_magazine m = d.pop();
                    if (!m) return;
                    held[0] = d.pop();
                    void* out[2];
                    std::uint32_t n = 0;
                    while (m.count() > 0) use(out[n++] = m.take());
                    owned_magazine again = owned_magazine::empty(m.block, 3);
                    while (n > 0) again.add(out[--n]);
                    d.push(again);
                  },
                  [] {
                    if ((held[1] = d.pop())) use_all(held[1]);
                  }},
                 [] {
                   for (std::size_t i : {3u, 4u}) objects.found(objects[i]);  // take no part
                   for (const owned_magazine& m : held) find_all(m);
                   while (const owned_magazine m = d.pop()) find_all(m);
                   objects.check_each_found_once();
                 }));
});

// While magazines only arrive, the total that anybody reads is that of some moment.
const scenario total("depot-total", [] {
  static depot& d = new_depot();
  static owned_magazine first = with({0, 1}), second = with({2}), third = with({3, 4});
  d.push(first);
  // What lies in their words from earlier times is no total that could be right.
  second.block->store(1, std::uint64_t{40} << 16);
  third.block->store(1, std::uint64_t{50} << 16);
  report(explore({[] { d.push(second); }, [] { d.push(third); },
                  [] {
                    const std::uint64_t n = d.objects();
                    check(n == 2 || n == 3 || n == 4 || n == 5, "the total of a depot was never true");
                  }},
                 [] { check(d.objects() == 5, "the total of a depot is wrong in the end"); }));
});

}  // namespace
}  // namespace ebb::model
