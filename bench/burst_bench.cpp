// 100 gets, then 100 puts: more than any small cache in front of the pool holds. The time is that of one
// get and one put.
#include <array>

#include "cases.hpp"
#include "systems/all.hpp"

namespace bench {

namespace {

template <class System>
concept bulk_system = requires(System s, std::span<typename System::item> items) {
  s.get_n(items);
  s.put_n(items);
};

struct burst_case {
  static constexpr const char* name = "burst";
  static constexpr std::size_t operations = 100;
  template <class System>
  struct state {
    std::array<typename System::item, operations> held{};
  };

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      if constexpr (bulk_system<System>) {
        system.get_n(mine.held);
        for (auto& object : mine.held) touch(*object, i);
        system.put_n(mine.held);
      } else {
        for (auto& object : mine.held) {
          object = system.get();
          touch(*object, i);
        }
        for (auto& object : mine.held) system.put(object);
      }
    }
  }
};

}  // namespace

void register_burst(const plan& p) {
  register_case<burst_case, thread_local_lists, ebb_pool, ebb_pool_bulk, tls_list, tls_raw, mutex_vector,
                new_delete>(p, {1, 2, 16});
}

}  // namespace bench
