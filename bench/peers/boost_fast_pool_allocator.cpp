// boost::fast_pool_allocator: one pool for all objects of a size in the process, behind a mutex. It keeps
// its free memory in no order, so that giving back is O(1), and returns nothing to the system.
#include <boost/pool/pool_alloc.hpp>

#include "allocated.hpp"
#include "boost_version.hpp"
#include "harness/object_peer.hpp"

namespace bench {

namespace {

struct fast_pool {
  using allocator = boost::fast_pool_allocator<payload>;
  [[gnu::always_inline]] static void* allocate() { return allocator::allocate(); }
  [[gnu::always_inline]] static void deallocate(payload* object) { allocator::deallocate(object); }
};

const object_peer<allocated<fast_pool>> entry{
    {.name = "boost_fast_pool_allocator", .version = boost_version}};

}  // namespace

}  // namespace bench
