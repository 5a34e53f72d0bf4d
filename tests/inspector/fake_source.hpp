// Pools, process and clock as a test says they are, and how often they were asked.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <inspector/serving_thread.hpp>

namespace ebb::test {

// Changed while no request is under way.
struct fake_world {
  std::vector<pool_info> pools;
  runtime_information process;
  std::atomic<std::int64_t> ms{1'000'000};
  std::atomic<int> reads{0};
  std::atomic<int> collected{0};
  std::atomic<int> drained{0};
  std::atomic<std::uint64_t> drained_pool{0};
  std::atomic<bool> broken{false};

  [[nodiscard]] detail::inspector_source source() {
    return {
        .now =
            [this] { return detail::inspector_source::clock::time_point(std::chrono::milliseconds(ms)); },
        .unix_ms = [this] { return ms.load(); },
        .pools = [this] { return broken ? throw std::bad_alloc() : ++reads, pools; },
        .process = [this] { return process; },
        .resident_bytes = [] { return std::uint64_t{123456789}; },
        .collect = [this] { ++collected; },
        .drain = [this] { return ++drained, std::uint64_t{77}; },
        .drain_pool = [this](std::uint64_t id) { return drained_pool = id, std::uint64_t{5}; }};
  }

  void add(std::size_t n) {
    for (; n > 0; --n) {
      const std::uint64_t id = pools.size() + 1;
      pools.push_back(
          {.id = id, .name = "pool " + std::to_string(id), .type = "ebb::object_pool<t>", .stats = {}});
    }
  }
};

inline pool_info bounded_pool(std::uint64_t id, std::string name) {
  return {.id = id,
          .name = std::move(name),
          .type = "ebb::resource_pool<t>",
          .stats = {},
          .bounded = resource_stats{}};
}

struct fake_inspector : fake_world {
  explicit fake_inspector(inspector_options options = {}, detail::server_limits limits = {},
                          std::size_t n = 3) {
    add(n);
    serving = std::make_unique<detail::serving_thread>(options, source(), limits);
  }
  [[nodiscard]] int port() const { return serving->where().port(); }
  std::unique_ptr<detail::serving_thread> serving;
};

}  // namespace ebb::test
