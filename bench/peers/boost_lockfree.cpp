// Boost's lock-free stack and queue of pointers; from the queue comes the object that rested longest. Both
// may grow. Their nodes are never freed before they are, but used again: none is reserved, as after the
// warm-up there are enough.
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/stack.hpp>

#include "boost_version.hpp"
#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

template <class Container>
class idle_objects {
 public:
  payload* pop() {
    payload* object = nullptr;
    return idle_.pop(object) ? object : nullptr;
  }
  bool push(payload* object) { return idle_.push(object); }

 private:
  Container idle_{0};
};

const object_peer<pointer_pool<idle_objects<boost::lockfree::stack<payload*>>>> stack{
    {.name = "boost_lockfree_stack", .version = boost_version}};
const object_peer<pointer_pool<idle_objects<boost::lockfree::queue<payload*>>>> queue{
    {.name = "boost_lockfree_queue", .version = boost_version}};

}  // namespace

}  // namespace bench
