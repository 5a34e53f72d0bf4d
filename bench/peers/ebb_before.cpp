// Another version of ebbpool beside this one: compiled and linked with the sources in EBB_BENCH_BEFORE,
// their namespace ebb replaced (CMakeLists.txt).
#include "harness/bounded_peer.hpp"
#include "harness/object_peer.hpp"
#include "systems/ebb_pool.hpp"
#include "systems/ebb_resource_pool.hpp"

namespace bench {

namespace {

struct version_before;
const object_peer<ebb_pool<version_before>> object_pool{{.name = "ebb_before"}};
const bounded_peer<ebb_resource_pool<version_before>> bounded{{.name = "ebb_resource_pool_before"}};
const bounded_peer<ebb_resource_pool_for<version_before>> bounded_for{
    {.name = "ebb_resource_pool_for_before"}};

}  // namespace

}  // namespace bench
