// Whose idle objects a get may take.
#pragma once

#include <cstdint>

namespace ebb {

/// Where a get looks that finds nothing in its own shard. Objects that are cheap to make, or whose memory
/// is near one processor, may be better made than stolen (golang/go #65104, #69229).
enum class steal : std::uint8_t {
  all,              ///< in every other shard.
  same_node_first,  ///< in those last put into from the caller's NUMA node, and only then in the others.
  none,             ///< nowhere: it makes a new one. What lies in other shards is left to their threads, or
                    ///< to the cycles.
};

}  // namespace ebb
