// ebbpool.
#include "harness/object_peer.hpp"
#include "systems/ebb_pool.hpp"
#include "systems/ebb_tiers.hpp"

namespace bench {

namespace {

struct default_path;
const object_peer<ebb_pool<default_path>> object_pool{{.name = "ebb"}};
const object_peer<ebb_pool_bulk<default_path>> bulk{{.name = "ebb_bulk"}};
const object_peer<ebb_tiers> tiers{{.name = "ebb_tiers"}};

}  // namespace

}  // namespace bench
