// Two threads on one CPU preempt each other inside their sections, which stretched.txt has made long. The
// walk interrupts by signals; a kernel that restarts sections for signals only would pass it.
//
//   preempt armed|unarmed
//
// `unarmed` is the control: the sections are armed in memory that the kernel does not look at, so that it
// lets them go on. Exit: 0 nothing found, 1 violations, 2 arguments, 77 no rseq here.
#include <sched.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "runtime.hpp"
#include "sections.hpp"

// How often a section started again: counted inside the section's landing, by whoever has the one CPU.
extern "C" std::uint64_t walk_restarts;
std::uint64_t walk_restarts = 0;

namespace {

using namespace ebb::detail;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::uintptr_t tokens = 8;
constexpr std::size_t held_at_once = 3;
constexpr std::uint64_t enough = 100;  // restarts, or violations of the control

// The magazine lies between others that are empty, into which the control may stray.
constexpr std::size_t blocks = 9;
std::array<magazine, blocks> block;

std::atomic<std::uint64_t> violations{0};
std::atomic<std::uint64_t> pairs{0};
std::array<std::atomic<int>, tokens + 1> owners;
std::atomic<int>& owner_of(void* object) { return owners[reinterpret_cast<std::uintptr_t>(object)]; }
std::atomic<bool> stop{false};

thread_local struct alignas(32) { std::byte bytes[64]; } nobodys_area;

bool pin_to_this_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void work(const std::atomic<shard*>& local, bool armed) {
  rseq_layout at{percpu::layout.area, percpu::layout.area + 4};  // by cpu_id: both threads have one shard
  if (!armed) {
    at.area =
        reinterpret_cast<const char*>(&nobodys_area) - static_cast<const char*>(__builtin_thread_pointer());
  }
  std::uint64_t done = 0;
  for (; !stop.load(std::memory_order_relaxed); done += held_at_once) {
    // Several, so that a thread leaves the shard other than it found it: a pop and a push that both come in
    // between would hide that the section did not start again. Never refused: there are more objects than
    // the two can hold, and more room than objects.
    std::uint64_t wrong = 0;
    std::array<void*, held_at_once> held{};
    for (void*& object : held) {
      if (walk_pop(at, local, object) != result::done) ++wrong;
      if (object != nullptr && owner_of(object).fetch_add(1, std::memory_order_relaxed) != 0) ++wrong;
    }
    for (void* const object : held) {
      if (object == nullptr) continue;
      owner_of(object).fetch_sub(1, std::memory_order_relaxed);
      if (walk_push(at, local, object) != result::done) ++wrong;
    }
    if (wrong != 0) violations.fetch_add(wrong, std::memory_order_relaxed);
  }
  pairs.fetch_add(done, std::memory_order_relaxed);
}

// Tokens that are not exactly once in the magazine.
std::uint64_t misplaced(void** top) {
  std::array<int, tokens + 1> seen{};
  for (; *top != nullptr; --top) ++seen[reinterpret_cast<std::uintptr_t>(*top)];
  std::uint64_t wrong = 0;
  for (std::uintptr_t t = 1; t <= tokens; ++t) wrong += seen[t] != 1 ? 1 : 0;
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  const bool armed = argc == 2 && std::strcmp(argv[1], "armed") == 0;
  if (!armed && (argc != 2 || std::strcmp(argv[1], "unarmed") != 0)) {
    std::fputs("preempt: one argument, armed or unarmed\n", stderr);
    return 2;
  }
  if (!percpu::has_rseq() || !pin_to_this_cpu()) {
    std::printf("skipped: %s\n", percpu::has_rseq() ? "threads cannot be pinned" : this_runtime().reason);
    return 77;
  }
  std::vector<shard> shards(this_runtime().shards);
  for (shard& s : shards) s.top.store(no_magazine_top(), std::memory_order_relaxed);
  owned_magazine m = owned_magazine::empty(&block[blocks / 2], max_capacity / 2);
  for (std::uintptr_t t = 1; t <= tokens; ++t) m.add(reinterpret_cast<void*>(t));
  const std::atomic<shard*> local{shards.data()};
  shard& own = shards[static_cast<unsigned>(sched_getcpu())];
  own.top.store(loaded_magazine::top_of(m), std::memory_order_relaxed);

  const auto begin = steady_clock::now();
  std::thread first(work, std::cref(local), armed);
  std::thread second(work, std::cref(local), armed);
  const auto seen_enough = [&] {
    const auto passed = steady_clock::now() - begin;
    const std::uint64_t events = armed ? walk_restarts : violations.load(std::memory_order_relaxed);
    return passed > 30s || (passed > 1s && events >= enough);
  };
  while (!seen_enough()) std::this_thread::sleep_for(10ms);
  stop.store(true, std::memory_order_relaxed);
  first.join();
  second.join();
  violations += misplaced(own.top.load(std::memory_order_relaxed));
  std::printf("%s: %llu pairs of pop and push by two threads on one CPU, %llu restarts, %llu violations\n",
              argv[1], static_cast<unsigned long long>(pairs.load()),
              static_cast<unsigned long long>(walk_restarts),
              static_cast<unsigned long long>(violations.load()));
  if (armed && walk_restarts == 0) std::puts("no section was preempted in 30 s");
  return violations != 0 || (armed && walk_restarts == 0) ? 1 : 0;
}
