// One get, one put, again and again, inlined into the loop: the best that each system can look.
#pragma once

#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"

namespace bench {

struct pair_case {
  static constexpr const char* name = "pair";
  static bool takes(unsigned /*threads*/) { return true; }
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {};
  template <class System>
  using contender_of = loop_contender<pair_case, System>;

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      typename System::item object = system.get();
      touch(*object, i);
      system.put(object);
    }
  }
};

}  // namespace bench
