// Boost's lock-free stack of pointers. It may grow. Its nodes are never
// freed before the stack is, but used again: none is reserved, as after the warm-up there are enough.
#include <boost/lockfree/stack.hpp>

#include "boost_version.hpp"
#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

class idle_stack {
 public:
  payload* pop() {
    payload* object = nullptr;
    return idle_.pop(object) ? object : nullptr;
  }
  bool push(payload* object) { return idle_.push(object); }

 private:
  boost::lockfree::stack<payload*> idle_{0};
};

const object_peer<pointer_pool<idle_stack>> entry{
    {.name = "boost_lockfree_stack", .version = boost_version}};

}  // namespace

}  // namespace bench
