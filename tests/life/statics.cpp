// A program whose pools are used from static destructors, exit handlers, thread_local destructors and
// pthread keys, in both orders. It ends with 0 only if every object was destroyed and nothing crashed on
// the way.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

namespace {

std::atomic<long> alive{0};
std::atomic<long> uses_at_exit{0};

struct thing {
  thing() { ++alive; }
  ~thing() { --alive; }
};

// First in, last out: looks at the result when everything else is gone.
struct referee {
  ~referee() {
    std::printf("alive at the end: %ld, uses while exiting: %ld\n", alive.load(), uses_at_exit.load());
    if (alive != 0 || uses_at_exit < 7) std::_Exit(1);
  }
} last_word;

void use(ebb::object_pool<thing>& pool) {
  std::vector<ebb::pooled<thing>> some(70);
  pool.get_n(some);
  some.clear();
  ebb::collect();
  ++uses_at_exit;
}

ebb::object_pool<thing>& immortal() {
  static auto* const pool = new ebb::object_pool<thing>;  // never destroyed, on purpose
  return *pool;
}

struct uses_in_destructor {
  ebb::object_pool<thing>* pool;
  ~uses_in_destructor() { use(*pool); }
};

ebb::object_pool<thing> early;  // dies after `user_of_early`
uses_in_destructor user_of_early{&early};
uses_in_destructor user_of_immortal{&immortal()};

ebb::object_pool<thing>& of_function() {
  static ebb::object_pool<thing> pool;
  return pool;
}

thread_local uses_in_destructor in_thread{nullptr};

}  // namespace

int main() {
  ebb::set_cycle_period(std::chrono::milliseconds{1});  // the collector runs into the exit
  std::atexit([] { use(early); });
  use(of_function());
  std::atexit([] { use(immortal()); });

  pthread_key_t key{};
  if (pthread_key_create(&key, [](void* pool) { use(*static_cast<ebb::object_pool<thing>*>(pool)); }) !=
      0) {
    return 2;
  }
  std::thread([&] {
    in_thread.pool = &early;
    (void)pthread_setspecific(key, &immortal());
    use(of_function());
  }).join();
  in_thread.pool = &early;  // of the main thread: runs before static destructors

  // What an immortal pool holds is nobody's to destroy; the referee wants to see none of it.
  std::atexit([] {
    ebb::collect();
    ebb::collect();
  });
  static struct empties_immortal {
    ~empties_immortal() {
      ebb::collect();
      ebb::collect();
    }
  } after_all_uses_but_the_globals;
  (void)after_all_uses_but_the_globals;
  return 0;
}
