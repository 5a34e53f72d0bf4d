// What people write by hand when they take care: a thread-local list that owns its objects, with a handle.
// Having a destructor, the list costs a look at its guard with each use.
#include <cstddef>

#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class tls_list {
 public:
  static constexpr bool one_per_process = true;
  using item = handle<payload, tls_list>;

  [[gnu::always_inline]] item get() {
    list& idle = idle_;  // once: each mention of a thread_local with a destructor is a call
    return {idle.count == 0 ? make_payload() : idle.objects[--idle.count], this};
  }
  [[gnu::always_inline]] item try_get() {
    list& idle = idle_;
    return {idle.count == 0 ? nullptr : idle.objects[--idle.count], this};
  }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) {
    list& idle = idle_;
    if (idle.count == capacity) {
      delete object;
    } else {
      idle.objects[idle.count++] = object;
    }
  }

 private:
  // Not a std::vector: that chains more loads and stores per pair, and would flatter whoever is compared.
  static constexpr std::size_t capacity = 256;
  struct list {
    std::size_t count;
    payload* objects[capacity];

    ~list() {
      while (count > 0) delete objects[--count];
    }
  };

  static inline constinit thread_local list idle_{};
};

const object_peer<tls_list> entry{{.name = "tls_list"}};

}  // namespace

}  // namespace bench
