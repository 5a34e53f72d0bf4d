// The cases of ebb_bench: one function and one file each.
#pragma once

#include "harness/side_by_side.hpp"

namespace bench {

void register_pair(const plan& p);          // pair_bench.cpp
void register_pair_in_call(const plan& p);  // pair_in_call_bench.cpp
void register_burst(const plan& p);         // burst_bench.cpp
void register_starvation(const plan& p);    // starvation_bench.cpp

}  // namespace bench
