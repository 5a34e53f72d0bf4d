// /pools.json: everything the inspector knows. docs/inspector.md describes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "history.hpp"

namespace ebb::detail {

struct pools_document {
  const std::vector<pool_info>& pools;
  const runtime_information& process;
  const history& past;
  std::uint64_t since;  // samples after this one; at most `past.newest()`
  std::int64_t unix_ms;
  std::uint64_t resident_bytes;
  std::chrono::milliseconds inspected;
  bool allow_actions;
};

[[nodiscard]] std::string to_json(const pools_document& document);

}  // namespace ebb::detail
