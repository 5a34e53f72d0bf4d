// What the pools did in the last five minutes, one sample a second, in bounded memory.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>

#include "bounded.hpp"

namespace ebb::detail {

// What is counted as it goes up. Samples hold by how much, since the sample before.
struct rate_field {
  const char* name;
  std::uint64_t pool_stats::*value;
};
inline constexpr std::array<rate_field, 12> rate_fields{{
    {"own", &pool_stats::reused_own},
    {"depot", &pool_stats::reused_depot},
    {"stolen", &pool_stats::reused_stolen},
    {"victim", &pool_stats::reused_victim},
    {"missed", &pool_stats::missed},
    {"aged", &pool_stats::dropped_aged},
    {"over_budget", &pool_stats::dropped_over_budget},
    {"pressure", &pool_stats::dropped_pressure},
    {"drained", &pool_stats::dropped_drained},
    {"rejected", &pool_stats::dropped_rejected},
    {"no_memory", &pool_stats::dropped_no_memory},
    {"at_random", &pool_stats::dropped_at_random},
}};

struct pool_sample {
  std::uint64_t idle = 0;
  std::uint64_t idle_bytes = 0;
  std::array<std::uint32_t, rate_fields.size()> rates{};  // stays at the largest value it can hold
};

struct process_sample {
  std::int64_t unix_ms = 0;
  std::uint64_t resident_bytes = 0;
  std::uint32_t cycles = 0;     // since the sample before
  std::uint32_t abandoned = 0;  // likewise
  pressure_level pressure = pressure_level::low;
  pool_sample all;  // of all pools that are not bounded, also of those without a history of their own
};

// A pool's samples end with the newest of the process's. Pools that die are forgotten with the next sample.
class history {
 public:
  static constexpr std::size_t length = 300;      // samples
  static constexpr std::size_t most_pools = 512;  // 64 bytes * 300 * 512: 10 MB; bounded: 200 bytes, 31 MB

  struct of_pool {
    // What the next sample is the difference to, and the samples: of the one kind or of the other.
    pool_stats last;
    std::deque<pool_sample> samples;
    resource_stats last_bounded;
    std::deque<bounded_sample> bounded_samples;
    std::uint64_t seen = 0;
  };

  void add(const std::vector<pool_info>& pools, const runtime_information& process,
           std::uint64_t resident_bytes, std::int64_t unix_ms);

  // Samples are numbered from 1 on; this is the number of the newest, 0 before the first.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_; }
  [[nodiscard]] const std::deque<process_sample>& process() const noexcept { return process_; }
  [[nodiscard]] const of_pool* find(std::uint64_t id) const noexcept {
    const auto it = pools_.find(id);
    return it == pools_.end() ? nullptr : &it->second;
  }
  [[nodiscard]] std::size_t pools() const noexcept { return pools_.size(); }

 private:
  void add_sample(of_pool& past, const pool_info& now) const;

  std::uint64_t newest_ = 0;
  std::deque<process_sample> process_;
  std::unordered_map<std::uint64_t, of_pool> pools_;  // by id
  pool_stats last_all_;                               // of those pools that were there at the last sample
  std::uint64_t last_cycles_ = 0;
  std::uint64_t last_abandoned_ = 0;
};

}  // namespace ebb::detail
