// No pool: new and delete, which are glibc's malloc() and free() behind two more calls, by libstdc++.
#include <gnu/libc-version.h>

#include <memory>
#include <string>

#include "harness/object_peer.hpp"

namespace bench {

namespace {

class new_delete {
 public:
  using item = std::unique_ptr<payload>;
  static constexpr bool one_per_process = true;

  [[gnu::always_inline]] item get() { return item(new payload); }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
};

const object_peer<new_delete> entry{
    {.name = "new_delete", .version = [] { return std::string("glibc ") + gnu_get_libc_version(); }}};

}  // namespace

}  // namespace bench
