// Says which path this process runs on, and shows that pools work on it: threads on every CPU that is
// allowed take and give while one runs cycles, and in the end each token is there once.
#include <sched.h>

#include <thread>

#include <ebb/runtime_info.hpp>

#include "../lifecycle/tokens.hpp"

namespace {

using ebb::test::token;

// Where the kernel does not tell or take affinities threads simply stay where they are.
std::vector<cpu_set_t> places() {
  std::vector<cpu_set_t> out;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  (void)sched_getaffinity(0, sizeof allowed, &allowed);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    CPU_ZERO(&out.emplace_back());
    CPU_SET(cpu, &out.back());
  }
  if (out.empty()) out.push_back(allowed);
  return out;
}

void use(ebb::object_pool<token>& pool, const cpu_set_t& place, int rounds) {
  (void)sched_setaffinity(0, sizeof place, &place);
  ebb::pooled<token> held[70];
  for (int round = 0; round < rounds; ++round) {
    const int count = 1 + round % 70;
    for (int i = 0; i < count; ++i) (held[i] = pool.get())->take();
    for (int i = 0; i < count; ++i) {
      held[i]->give();
      held[i].reset();
    }
  }
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::fputs("probe: takes no arguments\n", stderr);
    return 2;
  }
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  const ebb::runtime_information info = ebb::runtime_info();
  std::printf("%s %s %zu: %s\n", to_string(info.path), to_string(info.index), info.shards,
              info.reason.c_str());
  (void)std::fflush(stdout);

  ebb::object_pool<token> pool;
  std::atomic<int> working{0};
  std::vector<std::thread> users;
  for (const cpu_set_t& place : places()) {
    for (int twice = 0; twice < 2; ++twice) {
      ++working;
      users.emplace_back([&pool, &working, place] {
        use(pool, place, 2000);
        --working;
      });
    }
  }
  while (working > 0) ebb::collect();
  for (std::thread& t : users) t.join();
  (void)ebb::test::check_all(pool, 0);
  if (ebb::runtime_info().cycles_abandoned != 0) ebb::test::wrong("a cycle was abandoned");
}
