// What programs do with memory: a map of strings is built, looked into, partly erased, vectors grow, and
// all of it is destroyed. The time is that of everything together, about 200 allocations.
#include <array>
#include <string_view>

#include "harness/keep.hpp"
#include "memory_cases.hpp"
#include "systems/containers.hpp"

namespace bench {

namespace {

struct containers_case {
  static constexpr const char* name = "containers";
  static constexpr std::size_t operations = 1;
  static constexpr int elements = 100;
  static constexpr int stride = 37;  // shares no factor with `elements`: every key once, in some order
  static constexpr std::size_t vectors = 4;
  template <class System>
  struct state {};

  // 8 to 63 characters; about one in seven fits into the string itself.
  static std::string_view text(int key) {
    static constexpr std::string_view all =
        "the quick brown fox jumps over the lazy dog and then some more.";
    return all.substr(0, 8 + static_cast<std::size_t>(key * 11 % 56));
  }

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t r = 0; r < repeats; ++r) {
      auto map = system.make_map();
      for (int i = 0; i < elements; ++i) {
        const int key = i * stride % elements;
        map.emplace(key, text(key));
      }
      std::size_t found = 0;
      for (int key = 0; key < 2 * elements; key += 2) {
        if (const auto at = map.find(key); at != map.end()) found += at->second.size();
      }
      for (int key = 0; key < elements; key += 2) map.erase(key);
      for (std::size_t v = 0; v < vectors; ++v) {
        auto vector = system.make_vector();
        for (int i = 0; i < elements; ++i) vector.push_back(i);
        keep(vector.data());
      }
      keep(&found);
    }
  }
};

}  // namespace

void add_containers(std::vector<lineup>& all) {
  for (const unsigned threads : {1U, 2U}) {
    all.push_back(lineup_of<containers_case, synchronized_containers, ebb_containers, std_containers,
                            ebb_allocator_containers, pmr_over_new>(threads));
  }
}

}  // namespace bench
