// One get and one put inside a function that is called for each: how pools are used across translation
// units. Nothing can stay in a register from one pair to the next.
#include "cases.hpp"
#include "systems/all.hpp"

namespace bench {

namespace {

template <class System>
[[gnu::noinline]] void borrow_once(System& system, std::uint64_t value) {
  typename System::item object = system.get();
  touch(*object, value);
  system.put(object);
}

struct pair_in_call_case {
  static constexpr const char* name = "pair_in_call";
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {};

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) borrow_once(system, i);
  }
};

}  // namespace

void register_pair_in_call(const plan& p) {
  register_case<pair_in_call_case, thread_local_lists, ebb_pool, tls_list, tls_raw, mutex_vector,
                new_delete>(p, {1, 2, 4, 16});
  register_case<pair_in_call_case, versus<ebb_pool>, ebb_tiers>(p, {1, 2, 16});
}

}  // namespace bench
