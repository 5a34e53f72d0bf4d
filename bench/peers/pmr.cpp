// libstdc++'s pools of std::pmr, asked for the memory of a payload each time: the one that threads may
// share has a pool for each thread, and looks through all of them, alone, when another one's memory comes
// back; the other is for one thread.
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>

#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

template <class Resource>
class pmr_pool {
 public:
  using item = handle<payload, pmr_pool>;

  [[gnu::always_inline]] item get() {
    return {::new (resource_.allocate(sizeof(payload), alignof(payload))) payload, this};
  }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) {
    resource_.deallocate(object, sizeof(payload), alignof(payload));
  }

 private:
  Resource resource_;
};

struct synchronized : pmr_pool<std::pmr::synchronized_pool_resource> {
  // Each has a key of pthread_key_create(), and there are 1024 in a process.
  static bool takes_part(std::string_view what) { return what != "pools"; }
};

struct unsynchronized : pmr_pool<std::pmr::unsynchronized_pool_resource> {
  static constexpr std::size_t max_threads = 1;
};

std::string version() { return "libstdc++ " + std::to_string(_GLIBCXX_RELEASE); }

const object_peer<synchronized> shared{{.name = "pmr_synchronized", .version = version}};
const object_peer<unsynchronized> unshared{{.name = "pmr_unsynchronized", .version = version}};

}  // namespace

}  // namespace bench
