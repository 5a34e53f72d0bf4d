// One vector behind one mutex: the simplest pool that threads can share.
#include <memory>
#include <mutex>
#include <vector>

#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class mutex_vector {
 public:
  using item = handle<payload, mutex_vector>;

  [[gnu::always_inline]] item get() {
    item object = try_get();
    return object ? std::move(object) : item(make_payload(), this);
  }
  [[gnu::always_inline]] item try_get() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    payload* const object = idle_.back().release();
    idle_.pop_back();
    return {object, this};
  }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) {
    const std::lock_guard lock(mutex_);
    idle_.emplace_back(object);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<payload>> idle_;  // protected by mutex_
};

const object_peer<mutex_vector> entry{{.name = "mutex_vector"}};

}  // namespace

}  // namespace bench
