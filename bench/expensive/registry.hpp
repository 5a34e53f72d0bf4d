// The expensive objects of this program. A file for each, which defines an expensive_object; those whose
// library is not installed are not compiled.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/lineup.hpp"
#include "systems.hpp"
#include "work_case.hpp"

namespace bench {

struct expensive_facts {
  std::string case_name;
  std::function<std::string()> library;
  std::function<void()> check;  // see work_case
  std::function<lineup(unsigned threads)> at;
};

// All of them, by name.
[[nodiscard]] std::vector<expensive_facts> all_expensive();

void register_expensive(expensive_facts facts);

// Objects are used with the systems for all of them, and with some more.
template <class Object, class... MoreSystems>
struct expensive_object {
  using work = work_case<Object>;

  expensive_object() {
    // `none` last: the blocks it frees are scattered, and the objects of whoever starts after it would lie
    // in them. A pool's tree was 5 % slower for that.
    register_expensive({Object::name, Object::library, work::check,
                        lineup_of<work, ebb_objects<Object>, mutex_vector<Object>, tls_list<Object>,
                                  MoreSystems..., none<Object>>});
  }
};

}  // namespace bench
