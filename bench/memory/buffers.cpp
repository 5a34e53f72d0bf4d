// The benchmark of vitess' bucketpool: buffers of random sizes, each given back at once. The first and the
// last byte are written, as somebody will who asks for a buffer of this size.
#include "systems/buffers.hpp"
#include "harness/keep.hpp"
#include "harness/random_sizes.hpp"
#include "memory_cases.hpp"

namespace bench {

namespace {

struct buffers_case {
  static constexpr const char* name = "buffers";
  static constexpr std::size_t operations = 1;
  static constexpr std::size_t max_bytes = 16384;
  template <class System>
  struct state {
    random_sizes sizes;
  };

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    random_sizes sizes = mine.sizes;
    for (std::size_t i = 0; i < repeats; ++i) {
      const std::size_t bytes = sizes.below(max_bytes);
      auto buffer = system.get(bytes);
      if (bytes != 0) {
        buffer.data()[0] = std::byte{1};
        buffer.data()[bytes - 1] = std::byte{2};
      }
      keep(buffer.data());
    }
    mine.sizes = sizes;
  }
};

}  // namespace

void add_buffers(std::vector<lineup>& all) {
  for (const unsigned threads : {1U, 2U, 16U}) {
    all.push_back(lineup_of<buffers_case, ebb_buffers_2, malloc_free, ebb_buffers_1024>(threads));
  }
}

}  // namespace bench
