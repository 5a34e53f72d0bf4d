// The least a thread-local list can be: a bare array without a destructor, and bare pointers. It leaks what
// it holds when its thread ends, so nobody can use it as it is; it is here as the limit.
#include <cstddef>

#include "harness/object_peer.hpp"

namespace bench {

namespace {

class tls_raw {
 public:
  static constexpr bool one_per_process = true;
  using item = payload*;

  [[gnu::always_inline]] item get() {
    if (idle_.count == 0) return make_payload();
    return idle_.objects[--idle_.count];
  }
  [[gnu::always_inline]] item try_get() {
    if (idle_.count == 0) return nullptr;
    return idle_.objects[--idle_.count];
  }
  [[gnu::always_inline]] void put(item& object) {
    if (idle_.count == capacity) {
      delete object;
    } else {
      idle_.objects[idle_.count++] = object;
    }
  }

 private:
  static constexpr std::size_t capacity = 256;
  struct list {
    std::size_t count;
    payload* objects[capacity];
  };

  static inline constinit thread_local list idle_{};
};

const object_peer<tls_raw> entry{{.name = "tls_raw"}};

}  // namespace

}  // namespace bench
