// ebbpool's resource_pool with nothing but a capacity. Instantiated for each copy of the library in a file
// of its own, as systems/ebb_pool.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <ebb/resource_pool.hpp>
#include <memory>

#include "harness/payload.hpp"

namespace bench {

template <class Kind>
class ebb_resource_pool {
 public:
  explicit ebb_resource_pool(std::size_t capacity) : pool_({.make = make, .capacity = capacity}) {}
  [[gnu::always_inline]] ebb::lease<payload> acquire() { return pool_.acquire(); }

 protected:
  static std::unique_ptr<payload> make() { return std::unique_ptr<payload>(make_payload()); }

  ebb::resource_pool<payload> pool_;
};

// The same with a deadline, as most programs call it.
template <class Kind>
class ebb_resource_pool_for : public ebb_resource_pool<Kind> {
 public:
  using ebb_resource_pool<Kind>::ebb_resource_pool;
  [[gnu::always_inline]] ebb::lease<payload> acquire() {
    return this->pool_.acquire_for(std::chrono::seconds{30});
  }
};

}  // namespace bench
