// ebbpool's object_pool. Instantiated for each copy of the library in a file of its own, see
// peers/ebb_portable.cpp: the parameter keeps them apart. It may also have a function set(options).
#pragma once

#include <cstddef>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "harness/payload.hpp"

namespace bench {

template <class Kind>
class ebb_pool {
 public:
  using kind = Kind;
  using item = ebb::pooled<payload>;

  ebb_pool() : pool_(options()) {}
  [[gnu::always_inline]] item get() { return pool_.get(); }
  [[gnu::always_inline]] item try_get() { return pool_.try_get(); }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  static void cycle() { ebb::collect(); }

 protected:
  static ebb::object_pool_options<payload> options() {
    ebb::object_pool_options<payload> result{.make = make};
    if constexpr (requires { Kind::set(result); }) Kind::set(result);
    return result;
  }
  static std::unique_ptr<payload> make() { return std::unique_ptr<payload>(make_payload()); }

  ebb::object_pool<payload> pool_;
};

// The same pool through its bulk operations.
template <class Kind>
class ebb_pool_bulk : public ebb_pool<Kind> {
 public:
  using item = typename ebb_pool<Kind>::item;

  static bool takes_part(std::string_view case_name) { return case_name.starts_with("burst"); }
  void get_n(std::span<item> out) { this->pool_.get_n(out); }
  void put_n(std::span<item> objects) { this->pool_.put_n(objects); }
};

}  // namespace bench
