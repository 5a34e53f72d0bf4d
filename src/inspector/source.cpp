#include "source.hpp"

#include <unistd.h>

#include <fstream>

#include <ebb/collector.hpp>

namespace ebb::detail {

namespace {

std::uint64_t read_resident_bytes() {
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::int64_t read_unix_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

inspector_source inspector_source::of_this_process() {
  return {.now = clock::now,
          .unix_ms = read_unix_ms,
          .pools = all_pools,
          .process = runtime_info,
          .resident_bytes = read_resident_bytes,
          .collect = ebb::collect,
          .drain = drain_all,
          .drain_pool = ebb::drain_pool};
}

}  // namespace ebb::detail
