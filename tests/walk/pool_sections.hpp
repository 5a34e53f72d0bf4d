// get and put, each in a function of its own, for boundaries.py to find.
#pragma once

#include <ebb/detail/pool_core.hpp>

extern "C" {
void* walk_get(ebb::detail::pool_core& core) noexcept;
void walk_put(ebb::detail::pool_core& core, void* object) noexcept;
}
