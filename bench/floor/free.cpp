// What is left of a case when its pool costs nothing, or next to it.
#include <array>
#include <cstddef>
#include <string_view>

#include "harness/object_peer.hpp"

namespace bench {

namespace {

// For a hand-over: objects in turn from a ring that is longer than what can be in transit. What is left is
// the queue, and an object's cache lines on their way there and back.
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

// For bursts and starvation: bare pointers in an array of the thread's, and no look whether there is room.
// What is left is the objects, and what the case keeps them in. Shares nothing, and gives nothing back.
class bare_list {
 public:
  static constexpr bool one_per_process = true;
  static bool takes_part(std::string_view what) { return what != handover_case::name; }
  using item = payload*;

  [[gnu::always_inline]] item get() { return count_ == 0 ? make_payload() : objects_[--count_]; }
  [[gnu::always_inline]] item try_get() { return count_ == 0 ? nullptr : objects_[--count_]; }
  [[gnu::always_inline]] void put(item& object) { objects_[count_++] = object; }

 private:
  static inline constinit thread_local std::size_t count_ = 0;
  static inline constinit thread_local std::array<payload*, 4096> objects_{};  // more than a case holds
};

const object_peer<free_of_cost> free_entry{{.name = "floor_free"}};
const object_peer<bare_list> list_entry{{.name = "floor_list"}};

}  // namespace

}  // namespace bench
