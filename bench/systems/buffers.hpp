// Where buffers of any size come from: a type with `name` and get(bytes), which returns an owner with
// data().
#pragma once

#include <cstddef>
#include <cstdlib>
#include <ebb/buffer_pool.hpp>
#include <memory>

namespace bench {

template <std::size_t MinBytes>
class ebb_buffers {
 public:
  [[gnu::always_inline]] ebb::pooled_buffer get(std::size_t bytes) { return pool_.get(bytes); }

 private:
  ebb::buffer_pool pool_{{.min_bytes = MinBytes, .max_bytes = 16384}};
};
// As in the benchmark of vitess: 14 tiers.
struct ebb_buffers_2 : ebb_buffers<2> {
  static constexpr const char* name = "ebb_min_2";
};
// From a size on at which pooling is worth it: 5 tiers.
struct ebb_buffers_1024 : ebb_buffers<1024> {
  static constexpr const char* name = "ebb_min_1024";
};

class malloc_free {
 public:
  static constexpr const char* name = "malloc_free";

  class owner {
   public:
    explicit owner(std::size_t bytes) : memory_(static_cast<std::byte*>(std::malloc(bytes))) {}
    std::byte* data() { return memory_.get(); }

   private:
    struct release {
      void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, release> memory_;
  };

  [[gnu::always_inline]] owner get(std::size_t bytes) { return owner(bytes); }
};

}  // namespace bench
