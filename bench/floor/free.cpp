// A pool that costs nothing, for a hand-over: objects in turn from a ring that is longer than what can be
// in transit. What is left is what every pool has besides itself: the queue, and an object's cache lines on
// their way there and back.
#include <array>
#include <cstddef>
#include <string_view>

#include "harness/object_peer.hpp"

namespace bench {

namespace {

class free_of_cost {
 public:
  static constexpr bool one_per_process = true;
  static constexpr unsigned max_threads = 2;  // one that gets
  static bool takes_part(std::string_view what) { return what == handover_case::name; }
  using item = payload*;

  [[gnu::always_inline]] item get() { return &ring_[next_++ % ring_.size()]; }
  [[gnu::always_inline]] void put(item& /*object*/) {}

 private:
  std::size_t next_ = 0;
  static inline std::array<payload, 2048> ring_;  // twice what the queue takes
};

const object_peer<free_of_cost> entry{{.name = "floor_free"}};

}  // namespace

}  // namespace bench
