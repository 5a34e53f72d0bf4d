// The hit path as it is inlined into users' functions.
#include "pool_sections.hpp"

#define WALKED extern "C" __attribute__((noinline, used))

WALKED void* walk_get(ebb::detail::pool_core& core) noexcept { return core.get(); }
WALKED void walk_put(ebb::detail::pool_core& core, void* object) noexcept { core.put(object); }
