// ebbpool's object_pool. Instantiated for each path in a file of its own, see peers/ebb_portable.cpp:
// the parameter keeps the two apart.
#pragma once

#include <cstddef>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <memory>
#include <span>
#include <string_view>

#include "harness/payload.hpp"

namespace bench {

template <class Path>
class ebb_pool {
 public:
  using item = ebb::pooled<payload>;

  ebb_pool() : pool_({.make = make}) {}
  [[gnu::always_inline]] item get() { return pool_.get(); }
  [[gnu::always_inline]] item try_get() { return pool_.try_get(); }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  static void cycle() { ebb::collect(); }

 protected:
  static std::unique_ptr<payload> make() { return std::unique_ptr<payload>(make_payload()); }

  ebb::object_pool<payload> pool_;
};

// The same pool through its bulk operations.
template <class Path>
class ebb_pool_bulk : public ebb_pool<Path> {
 public:
  using item = typename ebb_pool<Path>::item;

  static bool takes_part(std::string_view case_name) { return case_name.starts_with("burst"); }
  void get_n(std::span<item> out) { this->pool_.get_n(out); }
  void put_n(std::span<item> objects) { this->pool_.put_n(objects); }
};

}  // namespace bench
