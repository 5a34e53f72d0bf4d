// Conservation under injection: every object has one user at a time and ends exactly once, whatever is done
// to threads in the middle of get and put. The first wrong thing ends the program, with status 1.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include <ebb/budget.hpp>
#include <ebb/collector.hpp>
#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>

#include "load.hpp"
#include "registry.hpp"
#include "runtime.hpp"

namespace {

void collect_back_to_back() {
  disturb::mine.yield_percent = now->yield_percent / 4;
  dice d(77);
  std::atomic<std::uint32_t>& plan = ebb::detail::fence_plan;
  while (!disturb::stop) {
    // 32 in a row, so that a cycle that goes on without its fence is not at once followed by one that has
    // it.
    if (now->refuse_fences && plan == 0 && d.roll(8) == 0) plan = ~std::uint32_t{0};
    ebb::collect();
    disturb::cycles_seen.fetch_add(1, std::memory_order_relaxed);
  }
  plan = 0;
}

// What is not bounded is, for a while, and what is bounded less; each time all that is in reach is looked
// at.
void change_bounds() {
  disturb::mine.yield_percent = now->yield_percent / 4;
  dice d(78);
  ebb::object_pool<token>& open = *the_pools->open.pool;
  ebb::object_pool<token>& bounded = *the_pools->bounded.pool;
  // So that a pool begins to count for a bound in the middle of everything.
  while (!disturb::stop && open.stats().idle < 20) (void)::sched_yield();
  while (!disturb::stop) {
    switch (d.roll(8)) {
      case 0: bounded.set_max_idle(d.roll(100)); break;
      case 1: bounded.set_max_idle_bytes(d.roll(100) * sizeof(token)); break;
      case 2: open.set_max_idle(d.roll(2) == 0 ? 1000 : ebb::unlimited); break;
      case 3: ebb::set_idle_budget(d.roll(2) == 0 ? ebb::unlimited : d.roll(400) * sizeof(token)); break;
      case 4: (void)ebb::drain_all(); break;
      case 5: (void)open.drain(); break;
      case 6: open.set_keep_at_least(d.roll(20)); break;
      default:
        if (ebb::detail::registry::list().size() > 2) disturb::fail("the list has pools that nobody made");
    }
    disturb::cycles_seen.fetch_add(1, std::memory_order_relaxed);
  }
  ebb::set_idle_budget(ebb::unlimited);
  open.set_keep_at_least(0);
  open.set_max_idle(ebb::unlimited);
  bounded.set_max_idle_bytes(ebb::unlimited);
  bounded.set_max_idle(200);
}

// When all threads are gone bounds hold to the object.
void check_bound(ebb::object_pool<token>& pool) {
  pool.set_max_idle(7);
  if (pool.stats().idle > 7) disturb::fail("more is idle than the bound, and nobody uses the pool");
  ebb::set_idle_budget(5 * sizeof(token));
  if (pool.stats().idle > 5) disturb::fail("more is idle than the process may keep");
  ebb::set_idle_budget(ebb::unlimited);
  pool.set_max_idle(200);
}

// The median, since a section that is interrupted starts again with half of its iterations.
double measure_iterations_per_ns() {
  constexpr std::uint32_t iterations = 100'000;
  ebb::object_pool<int> pool;
  pool.put(std::make_unique<int>(0));
  std::array<double, 15> ns{};
  for (double& each : ns) {
    ebb_inject_early = iterations;
    const auto start = std::chrono::steady_clock::now();
    auto object = pool.get();
    each = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    ebb_inject_early = 0;
  }
  std::nth_element(ns.begin(), ns.begin() + ns.size() / 2, ns.end());
  return iterations / ns[ns.size() / 2];
}

void check(const counted_pool& p) {
  const ebb::pool_stats s = p.pool->stats();
  if (s.made != p.count.made) disturb::fail("stats().made is not what make() returned");
  if (s.idle != p.count.alive()) disturb::fail("stats().idle is not what is alive: objects are lost");
  if (s.made != s.idle + s.destroyed()) disturb::fail("made is not in use + idle + destroyed");
}

// How many of 200 objects the bounded pool keeps once it is empty. That depends on what its shards have
// learned, and on which of them this thread is; but room that is never given back adds up.
std::uint64_t room_in(ebb::object_pool<token>& pool) {
  for (int i = 0; i < 8; ++i) ebb::collect();
  {
    std::vector<handle> some(200);
    pool.get_n(some);
    pool.put_n(some);
  }
  const std::uint64_t kept = pool.stats().idle;
  for (int i = 0; i < 2; ++i) ebb::collect();
  return kept;
}

struct figures {
  std::uint64_t operations = 0;
  std::uint64_t aborts = 0;
  std::uint64_t cycles = 0;
};

figures run(const setting& s, double seconds) {
  now = &s;
  disturb::name_setting(s.name);
  disturb::stop = false;
  cpu_set_t allowed;
  (void)::sched_getaffinity(0, sizeof allowed, &allowed);
  if (s.one_cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    (void)::sched_setaffinity(0, sizeof one, &one);
  }
  const std::uint64_t aborts = ebb_inject_aborts;
  const std::uint64_t cycles = ebb::runtime_info().cycles;
  const std::uint64_t signals = disturb::signals;
  const std::uint64_t freezes = disturb::freezes;
  const std::uint64_t uses = token::uses();

  auto both = std::make_unique<pools>();
  the_pools = both.get();
  const std::uint64_t room = room_in(*both->bounded.pool);
  std::vector<std::unique_ptr<worker>> workers;
  // So many that the fixed set of tokens is enough for all.
  const auto cpus = static_cast<std::uint32_t>(CPU_COUNT(&allowed));
  for (std::uint32_t i = 0; i < std::min(s.threads * std::max(cpus, 2u) / 2, 200u); ++i) {
    workers.push_back(std::make_unique<worker>(i));
  }
  std::vector<std::thread> threads;
  for (auto& w : workers) {
    threads.emplace_back([&w] {
      if (now->churn == 0) return work(*w);
      while (!disturb::stop) std::thread(work, std::ref(*w)).join();
    });
  }
  for (std::uint32_t i = 0; i < s.floods; ++i) threads.emplace_back(disturb::flood_with_fences);
  threads.emplace_back(collect_back_to_back);
  if (s.change_bounds) threads.emplace_back(change_bounds);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  disturb::stop = true;
  (void)::alarm(30);
  for (std::thread& t : threads) t.join();
  (void)::alarm(0);
  (void)::sched_setaffinity(0, sizeof allowed, &allowed);

  figures f{.aborts = ebb_inject_aborts - aborts, .cycles = ebb::runtime_info().cycles - cycles};
  std::uint64_t taken = 0;
  for (auto& w : workers) {
    f.operations += w->operations + w->handler_operations;
    taken += w->taken + w->handler_taken;
    for (handle& h : w->held) {
      if (h) h->give();
    }
    for (handle& h : w->stash) {
      if (h) h->give();
    }
  }
  workers.clear();
  check(both->open);
  check(both->bounded);
  if (s.change_bounds) {
    check_bound(*both->bounded.pool);
    check(both->bounded);
    // This one began to count when others used it.
    both->open.pool->set_max_idle(200);
    if (room_in(*both->open.pool) < 60) disturb::fail("room under a bound that came later is lost");
    check(both->open);
  }
  if (token::uses() - uses != taken) disturb::fail("uses of objects are missing: a user did not see them");
  if (room_in(*both->bounded.pool) + 20 < room) disturb::fail("room under max_idle is lost");
  both->open.pool.reset();
  both->bounded.pool.reset();
  if (both->open.count.alive() + both->bounded.count.alive() != 0) {
    disturb::fail("objects are left when their pool is gone");
  }
  std::printf("  %-12s %12llu operations %9llu aborts %7llu cycles %8llu signals %6llu freezes\n", s.name,
              static_cast<unsigned long long>(f.operations), static_cast<unsigned long long>(f.aborts),
              static_cast<unsigned long long>(f.cycles),
              static_cast<unsigned long long>(disturb::signals - signals),
              static_cast<unsigned long long>(disturb::freezes - freezes));
  std::fflush(stdout);
  return f;
}

[[noreturn]] void usage(const char* wrong) {
  std::fprintf(
      stderr,
      "stress: %s; usage: stress [--seconds 0.1..3600] [--setting NAME], or stress --path; settings:",
      wrong);
  for (const setting& s : settings) std::fprintf(stderr, " %s", s.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  const bool rseq = ebb::runtime_info().path == ebb::access_path::rseq;
  if (argc == 2 && std::strcmp(argv[1], "--path") == 0) {
    std::puts(rseq ? "rseq" : "portable");
    return 0;
  }
  double seconds = 1;
  std::string_view only;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (i + 1 == argc) usage("an option without a value");
    const std::string_view value = argv[i + 1];
    if (option == "--seconds") {
      const auto [end, error] = std::from_chars(value.begin(), value.end(), seconds);
      if (error != std::errc{} || end != value.end() || !(seconds >= 0.1 && seconds <= 3600)) {
        usage("--seconds takes a number from 0.1 to 3600");
      }
    } else if (option == "--setting") {
      only = value;
      const auto named = [&](const setting& s) { return only == s.name; };
      if (std::none_of(settings.begin(), settings.end(), named)) usage("no such setting");
    } else {
      usage("no such option");
    }
  }

  ebb::set_cycle_period(std::chrono::milliseconds::zero());
  disturb::install_handlers(handler);
  if (injected && rseq) iterations_per_ns = measure_iterations_per_ns();
  figures all;
  for (const setting& s : settings) {
    if (!only.empty() ? only != s.name : s.injected != injected || (s.needs_rseq && !rseq)) continue;
    const figures f = run(s, seconds);
    if (f.cycles == 0) disturb::fail("no cycle was run: nothing was tested");
    all.operations += f.operations;
    all.aborts += f.aborts;
    all.cycles += f.cycles;
  }
  if (injected && rseq && all.aborts == 0) disturb::fail("no section was aborted: nothing was tested");
  std::printf("total %llu operations %llu aborts %llu cycles\n",
              static_cast<unsigned long long>(all.operations), static_cast<unsigned long long>(all.aborts),
              static_cast<unsigned long long>(all.cycles));
}
