// Boost's lock-free queue of pointers: the object that comes back is the one that rested longest. It may
// grow. Its nodes are never freed before the queue is, but used again: none is reserved, as after the
// warm-up there are enough.
#include <boost/lockfree/queue.hpp>

#include "boost_version.hpp"
#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

class idle_queue {
 public:
  payload* pop() {
    payload* object = nullptr;
    return idle_.pop(object) ? object : nullptr;
  }
  bool push(payload* object) { return idle_.push(object); }

 private:
  boost::lockfree::queue<payload*> idle_{0};
};

const object_peer<pointer_pool<idle_queue>> entry{
    {.name = "boost_lockfree_queue", .version = boost_version}};

}  // namespace

}  // namespace bench
