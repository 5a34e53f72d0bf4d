// One get, one put, again and again, inlined into the loop: the best that each system can look.
#include "cases.hpp"
#include "systems/all.hpp"

namespace bench {

namespace {

struct pair_case {
  static constexpr const char* name = "pair";
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {};

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      typename System::item object = system.get();
      touch(*object, i);
      system.put(object);
    }
  }
};

}  // namespace

void register_pair(const plan& p) {
  register_case<pair_case, thread_local_lists, ebb_pool, tls_list, tls_raw, mutex_vector, new_delete>(
      p, {1, 2, 4, 16});
  register_case<pair_case, versus<ebb_pool>, ebb_tiers>(p, {1, 2, 16});
}

}  // namespace bench
