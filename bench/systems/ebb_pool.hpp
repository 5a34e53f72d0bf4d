// ebbpool. EBB_RSEQ=off in the environment makes the same code take the portable path.
#pragma once

#include <cstddef>
#include <ebb/object_pool.hpp>
#include <span>

#include "harness/payload.hpp"

namespace bench {

class ebb_pool {
 public:
  static constexpr const char* name = "ebb";
  using item = ebb::pooled<payload>;

  item get() { return pool_.get(); }
  item try_get() { return pool_.try_get(); }
  void put(item& object) { object.reset(); }

 protected:
  ebb::object_pool<payload> pool_;
};

// The same pool through its bulk operations.
class ebb_pool_bulk : public ebb_pool {
 public:
  static constexpr const char* name = "ebb_bulk";

  void get_n(std::span<item> out) { pool_.get_n(out); }
  void put_n(std::span<item> objects) { pool_.put_n(objects); }
};

}  // namespace bench
