// A bounded pool written in C++, whose callers wait when all that may be open is in use: a type with
//   Pool(capacity)    opens a payload when it has none idle and fewer than `capacity` are open
//   acquire()         what owns a payload: *it is the payload, and it goes back when it is destroyed
// Defining one bench::bounded_peer<Pool> in a file of peers/ is all it takes to be compared.
#pragma once

#include <memory>
#include <string_view>

#include "cases/all.hpp"
#include "peer.hpp"

namespace bench {

template <bounded_pool Pool>
class bounded_peer final : public peer {
 public:
  using peer::peer;

  [[nodiscard]] std::unique_ptr<contender> start(std::string_view case_name, team& crew) const override {
    std::unique_ptr<contender> found;
    for_each_object_case([&]<class Case>() {
      if constexpr (requires { typename Case::template bounded_contender<Pool>; }) {
        if (case_name == Case::name)
          found = std::make_unique<typename Case::template bounded_contender<Pool>>(crew);
      }
    });
    return found;
  }
};

}  // namespace bench
