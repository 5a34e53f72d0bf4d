// One target for libFuzzer: -DEBB_FUZZ_TARGET=pool_ops.
#include "target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::fuzz::EBB_FUZZ_TARGET({data, size});
  return 0;
}
