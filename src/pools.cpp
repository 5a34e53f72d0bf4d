// The two kinds of pools in one list.
#include <ebb/pools.hpp>

#include <algorithm>
#include <cstddef>

#include "registry.hpp"
#include "resource/keeper.hpp"

namespace ebb {

// One after the other, so that neither's mutex is ever taken inside the other's.
std::vector<pool_info> all_pools() {
  std::vector<pool_info> all = detail::registry::list();
  const auto others = static_cast<std::ptrdiff_t>(all.size());
  detail::keeper::list(all);
  const auto by_id = [](const pool_info& a, const pool_info& b) { return a.id < b.id; };
  std::sort(all.begin() + others, all.end(), by_id);
  std::inplace_merge(all.begin(), all.begin() + others, all.end(), by_id);
  return all;
}

}  // namespace ebb
