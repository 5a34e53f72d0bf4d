// No pool: the allocator makes every object anew.
#pragma once

#include <memory>

#include "harness/payload.hpp"

namespace bench {

class new_delete {
 public:
  static constexpr const char* name = "new_delete";
  using item = std::unique_ptr<payload>;

  item get() { return item(new payload); }
  void put(item& object) { object.reset(); }
};

}  // namespace bench
