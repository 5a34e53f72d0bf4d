// A case once more under another name, in which only pools with different options take part
// (peers/ebb_options.cpp): what they cost beside a pool with none, and not among the tables of peers.
#pragma once

#include <string_view>

#include "burst.hpp"
#include "harness/loop_contender.hpp"
#include "pair_in_call.hpp"
#include "starvation.hpp"

namespace bench {

template <class System>
concept compares_options = requires {
  System::kind::compares_options;
};

template <class Case>
struct options_case : Case {
  static constexpr const char* name = Case::name_with_options;
  static bool takes(unsigned threads) { return threads <= 2; }
  template <compares_options System>
  using contender_of = loop_contender<options_case, System>;
};

// What takes part in nothing else but being counted.
[[nodiscard]] constexpr bool is_for_options(std::string_view what) noexcept {
  return what.starts_with("options_") || what == "count";
}

}  // namespace bench
