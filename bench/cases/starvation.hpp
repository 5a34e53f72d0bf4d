// 67 puts, then 100 gets that may come back empty-handed: a third of the gets finds nothing and has to look
// everywhere. The time is that of all 167, as in BenchmarkPoolStarvation of Go.
#pragma once

#include <vector>

#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"

namespace bench {

struct starvation_case {
  static constexpr const char* name = "starvation";
  static constexpr const char* name_with_options = "options_starvation";
  static bool takes(unsigned threads) { return threads != 4 && threads <= 16; }
  static constexpr std::size_t operations = 1;
  static constexpr std::size_t puts = 67;
  static constexpr int gets = 100;

  // What a thread holds. Threads steal from each other, so it grows and shrinks a little.
  template <class System>
  struct state {
    std::vector<typename System::item> held;
  };
  template <class System>
    requires requires(System system) { system.try_get(); }
  using contender_of = loop_contender<starvation_case, System>;

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    mine.held.reserve(1024);
    for (std::size_t i = 0; i < repeats; ++i) {
      // What this thread lacks, at first all of them, it has to make.
      while (mine.held.size() < puts) mine.held.push_back(system.get());
      for (std::size_t k = 0; k < puts; ++k) {
        system.put(mine.held.back());
        mine.held.pop_back();
      }
      for (int k = 0; k < gets; ++k) {
        typename System::item object = system.try_get();
        if (!object) continue;
        touch(*object, i);
        mine.held.push_back(std::move(object));
      }
    }
  }
};

}  // namespace bench
