// mimalloc, with a heap for each thread; what other threads free comes back to it by an atomic list.
#include <string>

#include "harness/object_peer.hpp"
#include "loaded_allocator.hpp"

namespace bench {

namespace {

struct library {
  static constexpr const char* file = "libmimalloc.so.2";
  static constexpr const char* package = "libmimalloc2.0";
  static constexpr const char* own_function = "mi_version";
  static std::string version(const find_function& find) {
    const int digits = reinterpret_cast<int (*)()>(find("mi_version"))();
    return std::to_string(digits / 100) + "." + std::to_string(digits / 10 % 10) + "." +
           std::to_string(digits % 10);
  }
};
using mimalloc = loaded_allocator<library>;

const object_peer<mimalloc> entry{
    {.name = "mimalloc", .version = mimalloc::version, .why_missing = mimalloc::why_missing}};

}  // namespace

}  // namespace bench
