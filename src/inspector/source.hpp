// Where an inspector's numbers come from and what its actions do: the library, unless a test says
// otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>

namespace ebb::detail {

struct inspector_source {
  using clock = std::chrono::steady_clock;

  std::function<clock::time_point()> now;
  std::function<std::int64_t()> unix_ms;
  std::function<std::vector<pool_info>()> pools;
  std::function<runtime_information()> process;
  std::function<std::uint64_t()> resident_bytes;  // 0: unknown
  std::function<void()> collect;
  std::function<std::uint64_t()> drain;
  std::function<std::uint64_t(std::uint64_t id)> drain_pool;

  [[nodiscard]] static inspector_source of_this_process();
};

}  // namespace ebb::detail
