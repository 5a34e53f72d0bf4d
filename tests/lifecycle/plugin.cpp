// A shared object with a pool of its own and the library linked into it.
#include "tokens.hpp"

namespace {

using ebb::test::token;

ebb::object_pool<token> pool;

}  // namespace

// Uses the pool, on the calling thread, and leaves it with hits as the last thing that happened.
extern "C" EBB_API void plugin_work(int rounds) {
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  ebb::pooled<token> held[40];
  for (int round = 0; round < rounds; ++round) {
    for (auto& h : held) (h = pool.get())->take();
    for (auto& h : held) {
      h->give();
      h.reset();
    }
  }
  ebb::collect();
  for (int i = 0; i < 10; ++i) pool.get().reset();
}

extern "C" EBB_API void plugin_check() { (void)ebb::test::check_all(pool, 0); }
