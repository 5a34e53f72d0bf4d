// A system that keeps no objects but has an allocator make and free each. An Allocator has, both static,
//   allocate()           memory for a payload, or null
//   deallocate(memory)
#pragma once

#include <memory>
#include <new>

#include "harness/payload.hpp"

namespace bench {

template <class Allocator>
class allocated {
 public:
  struct deallocate {
    [[gnu::always_inline]] void operator()(payload* object) const { Allocator::deallocate(object); }
  };
  using item = std::unique_ptr<payload, deallocate>;
  static constexpr bool one_per_process = true;

  // The look at null is what operator new does, too.
  [[gnu::always_inline]] item get() {
    void* const memory = Allocator::allocate();
    if (memory == nullptr) throw std::bad_alloc();
    return item(::new (memory) payload);
  }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
};

}  // namespace bench
