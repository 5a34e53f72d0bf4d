// A load whose pools would hold more than the process may use, unless they give way. squeezed.sh runs it
// under a real limit, with and without pressure handling.
//
//   squeezed LIMIT_MIB
//
// Like a server whose requests change: each phase needs 16 MiB of a kind of object of its own, for a
// moment, and leaves them idle in their pool. In use there is never more than a tenth of the limit. Up to
// half of the limit as fast as it goes, then 256 KiB every 8 ms, 32 MiB/s: the library looks at its group's
// memory every 50 ms there (pressure_watch::look_near), and this leaves it three looks between the level
// "high" and the limit. The clock is out of the game: one period is longer than all of this.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pressure.hpp>
#include <ebb/runtime_info.hpp>

namespace {

constexpr std::size_t block_kib = 256;
constexpr std::size_t blocks_per_phase = 64;
constexpr std::chrono::milliseconds pace{8};

struct block {
  std::array<std::byte, block_kib * 1024> bytes;
  block() { std::memset(bytes.data(), 1, bytes.size()); }  // real memory
};

}  // namespace

int main(int argc, char** argv) {
  const std::size_t limit_mib = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (limit_mib < 160) {
    std::fprintf(stderr, "usage: squeezed LIMIT_MIB, 160 or more\n");
    return 2;
  }
  ebb::set_cycle_period(std::chrono::minutes{10});
  std::deque<ebb::object_pool<block>> kinds;
  std::size_t made_mib = 0;
  while (made_mib < limit_mib * 7 / 4) {
    auto& pool = kinds.emplace_back();
    std::vector<ebb::pooled<block>> in_use;
    for (std::size_t i = 0; i < blocks_per_phase; ++i) {
      in_use.push_back(pool.get());
      if (made_mib > limit_mib / 2) std::this_thread::sleep_for(pace);
    }
    made_mib += blocks_per_phase * block_kib / 1024;
    in_use.clear();
    std::printf("%4zu MiB made, pressure %s\n", made_mib, ebb::to_string(ebb::pressure()));
    (void)std::fflush(stdout);
  }
  std::size_t idle_mib = 0;
  for (const auto& pool : kinds) idle_mib += pool.stats().idle * block_kib / 1024;
  std::printf("watched: %s\n", ebb::runtime_info().pressure_source.c_str());
  std::printf("survived: %zu MiB made under a limit of %zu MiB, %zu MiB idle at the end\n", made_mib,
              limit_mib, idle_mib);
  return 0;
}
