// Programs with a bug in how they use a pool, and one without: what sanitizers and checked builds say to
// each.
//   planted clean OPERATIONS | use_after_put | use_after_put_elsewhere | double_put | leak
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <sched.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct object {
  std::uint64_t owner = 0;
  std::array<std::uint64_t, 30> payload{};
};

// Gets, writes and puts on four threads while a fifth runs cycles; nothing is wrong. Returns the exit
// status.
int clean(std::uint64_t operations) {
  constexpr unsigned users = 4;
  ebb::object_pool<object> pool;
  std::atomic<unsigned> working{users};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned user = 1; user <= users; ++user) {
    threads.emplace_back([&, user] {
      std::array<ebb::pooled<object>, 9> held;
      std::uint64_t seen_wrong = 0;
      for (std::uint64_t i = 0; i < operations / users; ++i) {
        ebb::pooled<object>& mine = held[i % held.size()];
        if (mine) {
          if (mine->owner != user) ++seen_wrong;  // somebody else had it at the same time
          mine = {};
        } else {
          mine = pool.get();
          mine->owner = user;
          mine->payload[i % mine->payload.size()] = i;
        }
      }
      wrong.fetch_add(seen_wrong, std::memory_order_relaxed);
      working.fetch_sub(1, std::memory_order_relaxed);
    });
  }
  while (working.load(std::memory_order_relaxed) != 0) {
    ebb::collect();
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  ebb::collect();
  ebb::collect();
  const ebb::pool_stats stats = pool.stats();
  std::printf("made %llu, dropped at random %llu\n", static_cast<unsigned long long>(stats.made),
              static_cast<unsigned long long>(stats.dropped_at_random));
  return wrong.load(std::memory_order_relaxed) == 0 && stats.idle == 0 ? 0 : 1;
}

int use_after_put() {
  ebb::object_pool<object> pool;
  ebb::pooled<object> handle = pool.get();
  object* const kept = &*handle;
  handle = {};
  kept->owner = 1;
  return 0;
}

// Both threads on one CPU, where the second finds what the first has put.
int use_after_put_elsewhere() {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  (void)sched_setaffinity(0, sizeof first, &first);
  ebb::object_pool<object> pool;
  ebb::pooled<object> handle = pool.get();
  object* const kept = &*handle;
  handle = {};
  bool same = false;
  std::thread next([&] {
    const ebb::pooled<object> found = pool.get();
    same = &*found == kept;
    found->owner = 2;
  });
  kept->owner = 1;  // the bug: it is somebody else's
  next.join();
  if (!same) std::puts("the other thread got another object: this shows nothing");
  return 0;
}

int double_put() {
  ebb::object_pool<object> pool;
  ebb::pooled<object> handle = pool.get();
  object* const kept = &*handle;
  handle = {};
  pool.put(std::unique_ptr<object>(kept));
  return 0;
}

int leak() {
  ebb::object_pool<object> pool;
  ebb::pooled<object> handle = pool.get();
  (void)std::move(handle).detach().release();
  return 0;
}

bool parse(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end && number > 0;
}

}  // namespace

int main(int argc, char** argv) {
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  const std::string_view what = argc > 1 ? argv[1] : "";
  std::uint64_t operations = 0;
  if (argc == 3 && what == "clean" && parse(argv[2], operations)) return clean(operations);
  if (argc == 2 && what == "use_after_put") return use_after_put();
  if (argc == 2 && what == "use_after_put_elsewhere") return use_after_put_elsewhere();
  if (argc == 2 && what == "double_put") return double_put();
  if (argc == 2 && what == "leak") return leak();
  std::fprintf(
      stderr,
      "usage: planted clean OPERATIONS | use_after_put | use_after_put_elsewhere | double_put | leak\n");
  return 2;
}
