// A system written in C++ that hands out payloads: a type with
//   item               what owns a payload: *item is the payload; it goes back by put() at the latest when
//                      it is destroyed, and an empty one converts to false
//   get()              an item, made anew when there is none
//   put(item&)         gives it back
//   try_get()          optional: an empty item rather than a new one
//   get_n, put_n       optional: many at once, used for bursts
//   cycle()            optional: what the system does to give memory back
//   thread_scope()     optional: what a thread must hold while it uses the system
//   takes_part(case)   optional and static: whether it does
//   max_threads        optional and static: above, it does not take part
// Defining one bench::object_peer<System> in a file of peers/ is all it takes to be compared.
#pragma once

#include <string_view>

#include "cases/all.hpp"
#include "loop_contender.hpp"
#include "peer.hpp"

namespace bench {

template <class System>
class object_peer final : public peer {
 public:
  using peer::peer;

  [[nodiscard]] std::unique_ptr<contender> start(std::string_view case_name, team& crew) const override {
    if constexpr (requires { System::max_threads; }) {
      if (crew.size() > System::max_threads) return nullptr;
    }
    if constexpr (requires { System::takes_part(case_name); }) {
      if (!System::takes_part(case_name)) return nullptr;
    }
    std::unique_ptr<contender> found;
    for_each_object_case([&]<class Case>() {
      if constexpr (requires { typename Case::template contender_of<System>; }) {
        if (case_name == Case::name)
          found = std::make_unique<typename Case::template contender_of<System>>(crew);
      }
    });
    return found;
  }
};

}  // namespace bench
