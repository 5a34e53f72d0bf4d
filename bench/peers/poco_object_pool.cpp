// Poco's ObjectPool: a vector behind a mutex, and a condition that is signalled with each object that comes
// back. Objects are made while the mutex is held. It cannot come back empty-handed before it has reached
// its limit, and has none here.
#include <Poco/Environment.h>
#include <Poco/ObjectPool.h>

#include <cstddef>
#include <limits>
#include <string>

#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class poco_object_pool {
 public:
  using item = handle<payload, poco_object_pool>;

  [[gnu::always_inline]] item get() { return {pool_.borrowObject(), this}; }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) { pool_.returnObject(object); }

 private:
  struct factory : Poco::PoolableObjectFactory<payload> {
    payload* createObject() { return make_payload(); }
  };
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  Poco::ObjectPool<payload, payload*, factory> pool_{unlimited, unlimited};
};

std::string version() {
  const Poco::UInt32 bytes = Poco::Environment::libraryVersion();
  return std::to_string(bytes >> 24) + "." + std::to_string(bytes >> 16 & 0xFF) + "." +
         std::to_string(bytes >> 8 & 0xFF);
}

const object_peer<poco_object_pool> entry{{.name = "poco_object_pool", .version = version}};

}  // namespace

}  // namespace bench
