#include "resident_memory.hpp"

#include <unistd.h>

#include <fstream>

namespace catalog {

std::uint64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> all_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace catalog
