// gperftools' tcmalloc, with a cache for each thread. Not Google's newer TCMalloc, whose caches are for
// each CPU: Debian has no package of that. It takes memory from the kernel by sbrk(), as glibc does.
#include <string>

#include "harness/object_peer.hpp"
#include "loaded_allocator.hpp"

namespace bench {

namespace {

struct library {
  static constexpr const char* file = "libtcmalloc_minimal.so.4";
  static constexpr const char* package = "libtcmalloc-minimal4";
  static constexpr const char* own_function = "tc_version";
  static std::string version(const find_function& find) {
    return reinterpret_cast<const char* (*)(int*, int*, const char**)>(find("tc_version"))(nullptr, nullptr,
                                                                                           nullptr);
  }
};
using tcmalloc = loaded_allocator<library>;

const object_peer<tcmalloc> entry{
    {.name = "tcmalloc", .version = tcmalloc::version, .why_missing = tcmalloc::why_missing}};

}  // namespace

}  // namespace bench
