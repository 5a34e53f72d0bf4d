// One get and one put inside a function that is called for each: how pools are used across translation
// units. Nothing can stay in a register from one pair to the next.
#pragma once

#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"

namespace bench {

struct pair_in_call_case {
  static constexpr const char* name = "pair_in_call";
  static constexpr const char* name_with_options = "options_pair";
  static bool takes(unsigned threads) { return threads <= 16; }
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {};
  template <class System>
  using contender_of = loop_contender<pair_in_call_case, System>;

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) borrow_once(system, i);
  }

 private:
  template <class System>
  [[gnu::noinline]] static void borrow_once(System& system, std::uint64_t value) {
    typename System::item object = system.get();
    touch(*object, value);
    system.put(object);
  }
};

}  // namespace bench
