// Containers and where their memory comes from: a type with `name`, the types `map` (of an int to a string)
// and `vector` (of int), and functions that make empty ones.
#pragma once

#include <ebb/pool_resource.hpp>
#include <functional>
#include <map>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "harness/keep.hpp"

namespace bench {

struct std_containers {
  static constexpr const char* name = "std";
  using map = std::map<int, std::string>;
  using vector = std::vector<int>;
  static map make_map() { return {}; }
  static vector make_vector() { return {}; }
};

template <class Resource>
class pmr_containers {
 public:
  using map = std::pmr::map<int, std::pmr::string>;
  using vector = std::pmr::vector<int>;
  pmr_containers() { keep(this); }
  map make_map() { return map(memory_); }
  vector make_vector() { return vector(memory_); }

 private:
  Resource resource_;
  std::pmr::memory_resource* memory_ = &resource_;  // as far as the compiler knows, any other by now
};
struct ebb_containers : pmr_containers<ebb::pool_resource> {
  static constexpr const char* name = "ebb";
};
struct synchronized_containers : pmr_containers<std::pmr::synchronized_pool_resource> {
  static constexpr const char* name = "std_synchronized";
};

// What a std::pmr container costs more than one of std, whoever serves it.
struct pmr_over_new {
  static constexpr const char* name = "pmr_over_new";
  using map = std::pmr::map<int, std::pmr::string>;
  using vector = std::pmr::vector<int>;
  static map make_map() { return map(std::pmr::new_delete_resource()); }
  static vector make_vector() { return vector(std::pmr::new_delete_resource()); }
};

// With the allocator that needs no virtual call, over its default resource.
struct ebb_allocator_containers {
  static constexpr const char* name = "ebb_allocator";
  using string = std::basic_string<char, std::char_traits<char>, ebb::pool_allocator<char>>;
  using map = std::map<int, string, std::less<>, ebb::pool_allocator<std::pair<const int, string>>>;
  using vector = std::vector<int, ebb::pool_allocator<int>>;
  static map make_map() { return {}; }
  static vector make_vector() { return {}; }
};

}  // namespace bench
