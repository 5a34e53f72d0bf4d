// A tier of ebb::buffer_pool in the place of an object_pool: its buffers have room for one payload.
#pragma once

#include <cstddef>
#include <ebb/buffer_pool.hpp>
#include <string_view>

#include "harness/keep.hpp"
#include "harness/payload.hpp"

namespace bench {

class ebb_tiers {
 public:
  static bool takes_part(std::string_view case_name) { return case_name.starts_with("pair"); }

  struct item {
    ebb::pooled_buffer buffer;
    payload& operator*() { return *reinterpret_cast<payload*>(buffer.data()); }
  };

  ebb_tiers() { keep(this); }  // whoever sees it may change it: no tier is known at compile time
  // Inlined like all of the hit path, although it is long: a call in between would be one of this wrapper.
  [[gnu::always_inline]] item get() { return {pool_.get(bytes_)}; }
  [[gnu::always_inline]] void put(item& object) { object.buffer.reset(); }

 private:
  ebb::buffer_pool pool_{{.min_bytes = 1024, .max_bytes = 16384}};
  std::size_t bytes_ = 5000;
};

}  // namespace bench
