// What the kernel says about the program's memory.
#pragma once

#include <cstdint>

namespace catalog {

/// Returns      the resident set in KiB; 0 when /proc is not there.
[[nodiscard]] std::uint64_t resident_kib();

}  // namespace catalog
