// Poco's ObjectPool: a vector behind a mutex, and a condition that is signalled with each object that comes
// back. Objects are made while the mutex is held. It cannot come back empty-handed before it has reached
// its limit, and has none here.
//
// With a limit it is one of the bounded pools, and takes part among those once more: who waits does so for
// at most 30 s, since it gives up at once without a time. It keeps no order, and checks nothing.
#include <Poco/Environment.h>
#include <Poco/ObjectPool.h>

#include <cstddef>
#include <limits>
#include <string>

#include "harness/bounded_peer.hpp"
#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

struct factory : Poco::PoolableObjectFactory<payload> {
  payload* createObject() { return make_payload(); }
};

class poco_object_pool {
 public:
  using item = handle<payload, poco_object_pool>;

  [[gnu::always_inline]] item get() { return {pool_.borrowObject(), this}; }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) { pool_.returnObject(object); }

 private:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  Poco::ObjectPool<payload, payload*, factory> pool_{unlimited, unlimited};
};

class poco_bounded {
 public:
  explicit poco_bounded(std::size_t capacity) : pool_(capacity, capacity) {}

  [[gnu::always_inline]] handle<payload, poco_bounded> acquire() {
    payload* object = nullptr;
    while (object == nullptr) object = pool_.borrowObject(30'000);
    return {object, this};
  }
  [[gnu::always_inline]] void give_back(payload* object) { pool_.returnObject(object); }

 private:
  Poco::ObjectPool<payload, payload*, factory> pool_;
};

std::string version() {
  const Poco::UInt32 bytes = Poco::Environment::libraryVersion();
  return std::to_string(bytes >> 24) + "." + std::to_string(bytes >> 16 & 0xFF) + "." +
         std::to_string(bytes >> 8 & 0xFF);
}

const object_peer<poco_object_pool> entry{{.name = "poco_object_pool", .version = version}};
const bounded_peer<poco_bounded> bounded{{.name = "poco_bounded", .version = version}};

}  // namespace

}  // namespace bench
