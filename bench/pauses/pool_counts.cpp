// What a cycle costs where pools are many and quiet: a few, which stay in the cache, and many, which do
// not.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pools.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "measurements.hpp"

namespace bench {

namespace {

// Every pool has one object idle again each time.
template <class Work>
std::vector<double> over_pools(std::deque<ebb::object_pool<int>>& pools, unsigned calls, Work work) {
  std::vector<double> took;
  for (unsigned i = 0; i < calls; ++i) {
    for (auto& pool : pools) pool.get().reset();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - start;
    took.push_back(all.count() / static_cast<double>(pools.size()));
  }
  return took;
}

}  // namespace

void measure_pool_counts(unsigned calls, json_line& out) {
  for (const std::size_t count : {100u, 1'000u, 10'000u}) {
    std::deque<ebb::object_pool<int>> pools(count);
    const std::string pools_text = "_per_pool_of_" + std::to_string(count);
    const auto collects = over_pools(pools, calls, [] { ebb::collect(); });
    const auto drains = over_pools(pools, calls, [] { (void)ebb::drain_all(); });
    out.add_percentile("collect" + pools_text, collects, 50);
    out.add_percentile("drain_all" + pools_text, drains, 50);
  }
}

}  // namespace bench
