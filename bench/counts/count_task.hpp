// What a system does under ebb_step: the loops of the cases pair and burst_100, between markers.
#pragma once

#include <chrono>
#include <cstddef>
#include <ebb/collector.hpp>

#include "cases/burst.hpp"
#include "cases/pair.hpp"
#include "harness/keep.hpp"
#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "harness/team.hpp"
#include "marker.hpp"

namespace bench {

// No pool at all: what is left of a case is its loop.
class no_system {
 public:
  using item = payload*;

  item get() { return &object_; }
  void put(item& object) { keep(object); }

 private:
  payload object_;
};

// The warm-up is the same loop: it fills the pool, resolves symbols, and touches the stacks and pages.
template <class Case, class System>
void count_stretch(System& system, std::size_t repeats) {
  typename Case::template state<System> state;
  Case::run(system, state, repeats * 10);
  marker();
  Case::run(system, state, repeats);
  marker();
}

// Marks three stretches: the loop of the case pair 20 times without a system, the same with it, and a
// burst of 100 gets and 100 puts, which reach the slow paths. For the main thread.
template <class System>
void count_operations() {
  const team another(1);  // which only waits: alone, a thread is spared most atomics of the C library's
  ebb::set_cycle_period(std::chrono::milliseconds{0});  // no collector besides a thread that left rseq
  stand_still();
  no_system none;
  count_stretch<pair_case>(none, 20);
  System system;
  [[maybe_unused]] const auto scope = enter_thread(system);
  count_stretch<pair_case>(system, 20);
  count_stretch<burst_case<100>>(system, 1);
}

}  // namespace bench
