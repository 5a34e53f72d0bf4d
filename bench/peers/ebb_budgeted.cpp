// ebbpool in a process with an idle budget, which is never reached. A budget is for all pools of a process,
// so this is a copy of the library (CMakeLists.txt) that has one to itself.
#include <cstddef>
#include <string_view>

#include <ebb/budget.hpp>

#include "harness/object_peer.hpp"
#include "systems/ebb_pool.hpp"

namespace bench {

namespace {

struct budgeted_copy {
  static constexpr bool compares_options = true;
};

class ebb_budgeted_pool : public ebb_pool<budgeted_copy> {
 public:
  ebb_budgeted_pool() { ebb::set_idle_budget(std::size_t{1} << 30); }
  static bool takes_part(std::string_view what) { return is_for_options(what); }
};

const object_peer<ebb_budgeted_pool> budgeted{{.name = "ebb_budgeted"}};

}  // namespace

}  // namespace bench
