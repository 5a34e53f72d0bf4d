// oneTBB's concurrent_bounded_queue of pointers, without a bound.
#include <tbb/concurrent_queue.h>
#include <tbb/version.h>

#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

class idle_queue {
 public:
  payload* pop() {
    payload* object = nullptr;
    return idle_.try_pop(object) ? object : nullptr;
  }
  bool push(payload* object) {
    idle_.push(object);
    return true;
  }

 private:
  tbb::concurrent_bounded_queue<payload*> idle_;
};

const object_peer<pointer_pool<idle_queue>> entry{
    {.name = "tbb_bounded_queue", .version = TBB_runtime_version}};

}  // namespace

}  // namespace bench
