// The size classes of a pool_resource, which the first request with a new alignment makes.
#include <ebb/detail/block_pools.hpp>
#include <ebb/pool_resource.hpp>

#include "block_pools.cpp"
#include "pool_world.hpp"

namespace ebb::model {
namespace {

constexpr std::size_t bytes = 256;  // one class

detail::block_pools& new_pools() {
  begin(1);
  const pool_resource_options o{.largest_pooled_bytes = bytes, .max_idle_bytes = unlimited, .name = ""};
  static detail::block_pools p{o, std::pmr::new_delete_resource(), [](void*, void*) noexcept {}, ""};
  name(&p, sizeof p, "pools");
  return p;
}

// Both make the classes; one of them loses, and both use the winner's.
const scenario race("blocks-first-of-alignment", [] {
  static detail::block_pools& p = new_pools();
  static detail::pool_core* used[2];
  report(explore({[] {
                    used[0] = p.find_or_make(bytes, bytes);
                    check(used[0]->traits().bytes == bytes, "a class is not made yet");
                  },
                  [] {
                    used[1] = p.find_or_make(bytes, bytes);
                    check(used[1]->traits().bytes == bytes, "a class is not made yet");
                  }},
                 [] { check(used[0] == used[1], "two sets of classes for one alignment"); }));
});

// Somebody adds up all classes meanwhile.
const scenario visit("blocks-visit", [] {
  static detail::block_pools& p = new_pools();
  report(explore({[] { (void)p.find_or_make(bytes, bytes); },
                  [] {
                    p.for_each([](const detail::pool_core& c) {
                      check(c.traits().bytes != 0, "a class is not made yet");
                    });
                  }},
                 [] {}));
});

}  // namespace
}  // namespace ebb::model
