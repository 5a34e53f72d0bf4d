// Every case of objects and of bounded pools.
#pragma once

#include "bounded.hpp"
#include "burst.hpp"
#include "handover.hpp"
#include "latency.hpp"
#include "options.hpp"
#include "pair.hpp"
#include "pair_in_call.hpp"
#include "shifting.hpp"
#include "starvation.hpp"

namespace bench {

// Calls visit.operator()<Case>() for each.
void for_each_object_case(auto visit) {
  visit.template operator()<pair_case>();
  visit.template operator()<pair_in_call_case>();
  visit.template operator()<burst_case<10>>();
  visit.template operator()<burst_case<100>>();
  visit.template operator()<burst_case<1000>>();
  visit.template operator()<starvation_case>();
  visit.template operator()<handover_case>();
  visit.template operator()<shifting_case>();
  visit.template operator()<latency_case<latency_kind::alone>>();
  visit.template operator()<latency_case<latency_kind::crowded>>();
  visit.template operator()<latency_case<latency_kind::cycles>>();
  visit.template operator()<latency_case<latency_kind::uncycled>>();
  visit.template operator()<options_case<pair_in_call_case>>();
  visit.template operator()<options_case<burst_case<100>>>();
  visit.template operator()<options_case<burst_case<1000>>>();
  visit.template operator()<options_case<starvation_case>>();
  visit.template operator()<bounded_loop_case<1>>();
  visit.template operator()<bounded_loop_case<2>>();
  visit.template operator()<bounded_crowd_case<held_for::nothing>>();
  visit.template operator()<bounded_crowd_case<held_for::computing>>();
  visit.template operator()<bounded_crowd_case<held_for::sleeping>>();
}

}  // namespace bench
