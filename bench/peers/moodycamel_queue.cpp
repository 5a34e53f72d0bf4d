// moodycamel::ConcurrentQueue of pointers: a queue inside for each thread that puts, which a get() looks
// for by turns. It may miss an object that is there. Used without tokens, which a pool would have to find
// for each of its threads; with them it is faster.
#include <concurrentqueue.h>

#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

class idle_queue {
 public:
  payload* pop() {
    payload* object = nullptr;
    return idle_.try_dequeue(object) ? object : nullptr;
  }
  bool push(payload* object) { return idle_.enqueue(object); }

 private:
  moodycamel::ConcurrentQueue<payload*> idle_;
};

const object_peer<pointer_pool<idle_queue>> entry{
    {.name = "moodycamel_queue", .version = [] { return EBB_MOODYCAMEL_VERSION; }}};

}  // namespace

}  // namespace bench
