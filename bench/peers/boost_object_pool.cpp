// boost::object_pool behind a mutex: it is for one thread. It keeps its free memory in the order of the
// addresses, so that giving back is O(n), in malloc() and free(), too; those are used because construct()
// fills the payload with zeros.
#include <boost/pool/object_pool.hpp>
#include <mutex>
#include <new>
#include <string_view>

#include "boost_version.hpp"
#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class boost_object_pool {
 public:
  using item = handle<payload, boost_object_pool>;

  // Hours: each of the objects goes past all that went back before it.
  static bool takes_part(std::string_view what) { return what != "memory"; }

  [[gnu::always_inline]] item get() {
    const std::lock_guard lock(mutex_);
    void* const memory = pool_.malloc();
    if (memory == nullptr) throw std::bad_alloc();
    return {::new (memory) payload, this};
  }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) {
    const std::lock_guard lock(mutex_);
    pool_.free(object);
  }

 private:
  std::mutex mutex_;
  boost::object_pool<payload> pool_;  // protected by mutex_
};

const object_peer<boost_object_pool> entry{{.name = "boost_object_pool", .version = boost_version}};

}  // namespace

}  // namespace bench
