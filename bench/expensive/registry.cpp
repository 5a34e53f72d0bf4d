#include "registry.hpp"

#include <algorithm>

namespace bench {

namespace {

// The objects are registered by globals of many files: whoever comes first makes the list.
std::vector<expensive_facts>& registered() {
  static std::vector<expensive_facts> list;
  return list;
}

}  // namespace

void register_expensive(expensive_facts facts) { registered().push_back(std::move(facts)); }

std::vector<expensive_facts> all_expensive() {
  std::vector<expensive_facts> sorted = registered();
  std::ranges::sort(sorted, {}, &expensive_facts::case_name);
  return sorted;
}

}  // namespace bench
