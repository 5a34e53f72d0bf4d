// The cases of objects with every peer.
#pragma once

#include <span>
#include <vector>

#include "lineup.hpp"

namespace bench {

// One lineup for each case and number of threads that the case allows.
void add_objects(std::vector<lineup>& all, std::span<const unsigned> threads);

}  // namespace bench
