// So many objects in use at once, and then none.
#pragma once

#include <cstddef>
#include <vector>

namespace ebb::test {

template <class Pool>
void burst(Pool& pool, std::size_t n) {
  std::vector<decltype(pool.get())> out(n);
  pool.get_n(out);
}

template <class Pool>
void burst_one_by_one(Pool& pool, std::size_t n) {
  std::vector<decltype(pool.get())> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(pool.get());
}

}  // namespace ebb::test
