// ebbpool with a pool for each thread. Threads that share one take objects from each other in the first
// bursts, and then two cores work on objects that lie side by side in memory; here they never do.
#include <array>
#include <atomic>
#include <cstddef>
#include <ebb/object_pool.hpp>
#include <memory>
#include <string_view>

#include "harness/object_peer.hpp"

namespace bench {

namespace {

class apart {
 public:
  static constexpr bool one_per_process = true;
  static constexpr unsigned max_threads = 2;
  static bool takes_part(std::string_view what) { return what == burst_case<1000>::name; }
  using item = ebb::pooled<payload>;

  [[gnu::always_inline]] item get() { return mine_->get(); }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  // The one of the calling thread, from its first slice on.
  static int thread_scope() {
    if (mine_ == nullptr) mine_ = &pools_[next_++ % pools_.size()];
    return 0;
  }

 private:
  struct pool : ebb::object_pool<payload> {
    pool() : object_pool({.make = [] { return std::unique_ptr<payload>(make_payload()); }}) {}
  };

  static inline std::array<pool, max_threads> pools_;
  static inline std::atomic<std::size_t> next_{0};
  static inline constinit thread_local pool* mine_ = nullptr;
};

const object_peer<apart> entry{{.name = "floor_apart"}};

}  // namespace

}  // namespace bench
