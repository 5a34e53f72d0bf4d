// How much memory this process has, for tests of what goes back to the system.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace ebb::test {

inline constexpr std::size_t mebibyte = std::size_t{1024} * 1024;

// In memory after the allocator has given back what it can.
inline std::size_t resident_bytes() {
  (void)::malloc_trim(0);
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace ebb::test
