// jemalloc, with a cache for each thread. Its thread-local variables are too many for a library that is
// opened late, unless the environment reserves room: GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096.
#include <cstddef>
#include <string>

#include "harness/object_peer.hpp"
#include "loaded_allocator.hpp"

namespace bench {

namespace {

struct library {
  static constexpr const char* file = "libjemalloc.so.2";
  static constexpr const char* package = "libjemalloc2";
  static constexpr const char* own_function = "mallctl";
  static std::string version(const find_function& find) {
    using mallctl = int(const char*, void*, std::size_t*, void*, std::size_t);
    const char* text = nullptr;
    std::size_t size = sizeof text;
    const auto ask = reinterpret_cast<mallctl*>(find("mallctl"));
    return ask("version", &text, &size, nullptr, 0) == 0 ? text : "unknown";
  }
};
using jemalloc = loaded_allocator<library>;

const object_peer<jemalloc> entry{
    {.name = "jemalloc", .version = jemalloc::version, .why_missing = jemalloc::why_missing}};

}  // namespace

}  // namespace bench
