// As many gets, then as many puts: with 100 and more, what a small cache in front of a pool does not hold.
// The time is that of one get and one put. With 100 it is BenchmarkPoolOverflow of Go.
#pragma once

#include <array>
#include <span>

#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"

namespace bench {

template <class System>
concept bulk_system = requires(System s, std::span<typename System::item> items) {
  s.get_n(items);
  s.put_n(items);
};

template <std::size_t Size>
struct burst_case {
  static constexpr const char* name = Size == 10 ? "burst_10" : Size == 100 ? "burst_100" : "burst_1000";
  static constexpr const char* name_with_options = Size == 100 ? "options_burst_100" : "options_burst_1000";
  static bool takes(unsigned threads) { return threads != 4 && threads <= 16; }
  static constexpr std::size_t operations = Size;
  template <class System>
  struct state {
    std::array<typename System::item, Size> held{};
  };
  template <class System>
  using contender_of = loop_contender<burst_case, System>;

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      if constexpr (bulk_system<System>) {
        system.get_n(mine.held);
        for (auto& object : mine.held) touch(*object, i);
        system.put_n(mine.held);
      } else {
        for (auto& object : mine.held) {
          object = system.get();
          touch(*object, i);
        }
        for (auto& object : mine.held) system.put(object);
      }
    }
  }
};

}  // namespace bench
