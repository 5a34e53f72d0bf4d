// Where raw memory comes from: a type with `name`, allocate(bytes) and deallocate(block, bytes).
#pragma once

#include <cstddef>
#include <ebb/pool_resource.hpp>
#include <memory>
#include <memory_resource>

#include "harness/keep.hpp"

namespace bench {

// Any memory_resource as containers see it: through a virtual call.
template <class Resource>
class pmr_blocks {
 public:
  pmr_blocks() { keep(this); }
  void* allocate(std::size_t bytes) { return memory_->allocate(bytes); }
  void deallocate(void* block, std::size_t bytes) { memory_->deallocate(block, bytes); }

 private:
  Resource resource_;
  std::pmr::memory_resource* memory_ = &resource_;  // as far as the compiler knows, any other by now
};
struct ebb_blocks : pmr_blocks<ebb::pool_resource> {
  static constexpr const char* name = "ebb";
};
struct std_synchronized : pmr_blocks<std::pmr::synchronized_pool_resource> {
  static constexpr const char* name = "std_synchronized";
};
struct std_unsynchronized : pmr_blocks<std::pmr::unsynchronized_pool_resource> {  // for one thread
  static constexpr const char* name = "std_unsynchronized";
};

// ebbpool as ebb::pool_allocator calls it: not virtual, and inlined.
class ebb_blocks_direct {
 public:
  static constexpr const char* name = "ebb_direct";
  void* allocate(std::size_t bytes) { return resource_.allocate(bytes); }
  void deallocate(void* block, std::size_t bytes) { resource_.deallocate(block, bytes); }

 private:
  ebb::pool_resource resource_;
};

struct operator_new {
  static constexpr const char* name = "operator_new";
  // Through std::allocator, which calls the sized operator delete where the compiler has it.
  static void* allocate(std::size_t bytes) { return std::allocator<std::byte>().allocate(bytes); }
  static void deallocate(void* block, std::size_t bytes) {
    std::allocator<std::byte>().deallocate(static_cast<std::byte*>(block), bytes);
  }
};

}  // namespace bench
