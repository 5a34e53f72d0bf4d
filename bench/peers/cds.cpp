// libcds: Treiber's stack and Michael and Scott's queue of pointers, with hazard pointers. Each push
// allocates a node, and each pop leaves one to be freed later: an intrusive one would have to leave the
// object itself. Threads must be attached.
#include <cds/container/msqueue.h>
#include <cds/container/treiber_stack.h>
#include <cds/gc/hp.h>
#include <cds/init.h>
#include <cds/version.h>

#include <cstddef>
#include <optional>

#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

constexpr std::size_t threads_at_most = 128;

// Once per process, before any container.
class library {
 public:
  static void start() { static const library instance; }

 private:
  struct initialized {
    initialized() { cds::Initialize(); }
    ~initialized() { cds::Terminate(); }
  };

  initialized before_all_else_;
  cds::gc::HP hazard_pointers_{2, threads_at_most};  // two of each thread: what the queue needs
};

class attached {
 public:
  attached() { cds::threading::Manager::attachThread(); }
  ~attached() { cds::threading::Manager::detachThread(); }
  attached(const attached&) = delete;
  attached& operator=(const attached&) = delete;
};

template <class Container>
class idle_objects {
 public:
  idle_objects() {
    library::start();
    idle_.emplace();
  }
  ~idle_objects() {
    const attached here;
    idle_.reset();
  }
  idle_objects(const idle_objects&) = delete;
  idle_objects& operator=(const idle_objects&) = delete;

  static attached thread_scope() { return {}; }

  payload* pop() {
    payload* object = nullptr;
    return idle_->pop(object) ? object : nullptr;
  }
  bool push(payload* object) { return idle_->push(object); }

 private:
  std::optional<Container> idle_;  // only between the constructor and the destructor, for their order
};

template <class Container>
struct cds_pool : pointer_pool<idle_objects<Container>> {
  static constexpr std::size_t max_threads = threads_at_most - 1;  // and one that makes and destroys it
};

const object_peer<cds_pool<cds::container::TreiberStack<cds::gc::HP, payload*>>> stack{
    {.name = "cds_treiber_stack", .version = [] { return CDS_VERSION_STRING; }}};
const object_peer<cds_pool<cds::container::MSQueue<cds::gc::HP, payload*>>> queue{
    {.name = "cds_msqueue", .version = [] { return CDS_VERSION_STRING; }}};

}  // namespace

}  // namespace bench
