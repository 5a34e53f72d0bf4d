// ebbpool's resource_pool, without a deadline and with one.
#include "harness/bounded_peer.hpp"
#include "systems/ebb_resource_pool.hpp"

namespace bench {

namespace {

struct this_version;
const bounded_peer<ebb_resource_pool<this_version>> pool{{.name = "ebb_resource_pool"}};
const bounded_peer<ebb_resource_pool_for<this_version>> pool_for{{.name = "ebb_resource_pool_for"}};

}  // namespace

}  // namespace bench
