// The cases of ebb_bench: one function and one file each.
#pragma once

#include "harness/side_by_side.hpp"
#include "systems/tls_list.hpp"
#include "systems/tls_raw.hpp"

namespace bench {

// What the cases of objects are compared with.
using thread_local_lists = versus<tls_list, tls_raw>;

void register_pair(const plan& p);          // pair_bench.cpp
void register_pair_in_call(const plan& p);  // pair_in_call_bench.cpp
void register_burst(const plan& p);         // burst_bench.cpp
void register_starvation(const plan& p);    // starvation_bench.cpp
void register_buffers(const plan& p);       // buffers_bench.cpp
void register_blocks(const plan& p);        // blocks_bench.cpp
void register_handover(const plan& p);      // handover_bench.cpp
void register_containers(const plan& p);    // containers_bench.cpp
void register_text(const plan& p);          // text_bench.cpp

}  // namespace bench
