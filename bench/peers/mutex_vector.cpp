// One vector behind one mutex: the simplest pool that threads can share.
#include <mutex>
#include <vector>

#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

class idle_vector {
 public:
  [[gnu::always_inline]] payload* pop() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    payload* const object = idle_.back();
    idle_.pop_back();
    return object;
  }
  [[gnu::always_inline]] bool push(payload* object) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(object);
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<payload*> idle_;  // protected by mutex_
};

const object_peer<pointer_pool<idle_vector>> entry{{.name = "mutex_vector"}};

}  // namespace

}  // namespace bench
