// oneTBB's allocator, called directly: scalable_malloc() and scalable_free().
#include <tbb/scalable_allocator.h>
#include <tbb/version.h>

#include "allocated.hpp"
#include "harness/object_peer.hpp"

namespace bench {

namespace {

struct scalable {
  [[gnu::always_inline]] static void* allocate() { return scalable_malloc(sizeof(payload)); }
  [[gnu::always_inline]] static void deallocate(void* memory) { scalable_free(memory); }
};

const object_peer<allocated<scalable>> entry{
    {.name = "tbb_allocator", .version = [] { return TBB_VERSION_STRING; }}};

}  // namespace

}  // namespace bench
