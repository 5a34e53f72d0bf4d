// How much memory of this process is resident.
#pragma once

#include <cstdint>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

namespace bench {

// Counted page by page: what /proc/self/statm and VmRSS say may be wrong by 64 pages for each thread or
// CPU.
inline std::uint64_t resident_kib() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    std::uint64_t kib = 0;
    if (word == "Rss:" && file >> kib) return kib;
  }
  throw std::runtime_error("/proc/self/smaps_rollup does not tell how much memory is resident");
}

}  // namespace bench
