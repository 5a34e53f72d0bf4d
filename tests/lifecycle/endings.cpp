// Threads that end: handles and users in thread_locals, made in both orders, and a pthread key that comes
// back for three rounds, while the collector runs. And the other end: a pool used before the library is
// initialised.
#include <pthread.h>

#include <thread>

#include "tokens.hpp"

namespace {

using ebb::test::token;
using ebb::test::wrong;

ebb::object_pool<token>& pool() {
  static auto* const immortal = new ebb::object_pool<token>;
  return *immortal;
}

void use() {
  ebb::pooled<token> held[70];
  for (auto& h : held) (h = pool().get())->take();
  for (auto& h : held) {
    h->give();
    h.reset();
  }
}

// Before the initialisers of the library, if this object comes first: as early as a program's code can run.
__attribute__((constructor(101))) void as_early_as_possible() {
  use();
  use();
}

std::atomic<int> uses_while_ending{0};

struct user {
  bool awake = false;
  ~user() {
    if (!awake) return;
    use();
    ++uses_while_ending;
  }
};

struct holder {
  ebb::pooled<token> held;
  ~holder() {
    if (held) held->give();
  }
};

thread_local user first_user;
thread_local holder a_holder;
thread_local user last_user;

pthread_key_t key;
char rounds[4];  // a key's values are their addresses
std::atomic<int> key_rounds{0};

void destroy_key(void* round) {
  use();
  ++key_rounds;
  if (round != &rounds[3]) (void)pthread_setspecific(key, static_cast<char*>(round) + 1);
}

void live(int number) {
  (void)pthread_setspecific(key, &rounds[1]);
  const auto hold = [] {
    a_holder.held = pool().get();
    a_holder.held->take();
  };
  // What is touched first is destroyed last.
  if (number % 2 == 0) {
    first_user.awake = true;
    hold();
    last_user.awake = true;
  } else {
    last_user.awake = true;
    hold();
    first_user.awake = true;
  }
  if (number % 5 == 0) pthread_exit(nullptr);
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::fputs("endings: takes no arguments\n", stderr);
    return 2;
  }
  constexpr int threads = 300;
  ebb::set_cycle_period(std::chrono::milliseconds{1});
  if (pthread_key_create(&key, destroy_key) != 0) return 2;
  for (int i = 0; i < threads; i += 4) {
    std::vector<std::thread> some;
    for (int n = 0; n < 4; ++n) some.emplace_back(live, i + n);
    for (std::thread& t : some) t.join();
  }
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  if (key_rounds != 3 * threads) wrong("%d rounds of keys", key_rounds.load());
  if (uses_while_ending != 2 * threads) wrong("%d uses while ending", uses_while_ending.load());
  (void)ebb::test::check_all(pool(), 0);
  ebb::collect();
  ebb::collect();
  if (token::made != token::destroyed)
    wrong("%ld made, %ld destroyed", token::made.load(), token::destroyed.load());
  std::printf("%d threads, %d uses while they ended\n", threads, uses_while_ending + key_rounds);
}
