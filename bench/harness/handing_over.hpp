// The two sides of a load in which one thread gets objects and another one puts them. flatten: as in
// loop_contender.hpp.
#pragma once

#include <cstddef>
#include <utility>

#include "payload.hpp"
#include "spsc_queue.hpp"

namespace bench {

template <class System>
[[gnu::flatten]] void get_and_pass_on(System& system, spsc_queue<typename System::item>& out,
                                      std::size_t objects) {
  for (std::size_t i = 0; i < objects; ++i) {
    typename System::item object = system.get();
    touch(*object, i);
    out.push(std::move(object));
  }
  out.publish_tail();
}

template <class System>
[[gnu::flatten]] void take_and_put(System& system, spsc_queue<typename System::item>& in,
                                   std::size_t objects) {
  for (std::size_t i = 0; i < objects; ++i) {
    typename System::item object = in.pop();
    touch(*object, i);
    system.put(object);
  }
  in.publish_head();
}

}  // namespace bench
