// A breakpoint at each instruction of pop and push in turn. When it is hit, the signal handler does what
// another thread on the same CPU, or a migration, would do at just that moment; then the operation goes on.
// With two levels it meets a second breakpoint on its way, which may be before the first one: it started
// again.
#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/percpu.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

#include "guest.hpp"

namespace ebb::vm {
namespace {

using namespace ebb::detail;
using percpu::result;

constexpr std::uint32_t capacity = 4;
constexpr std::uint32_t ids = 2;  // the machine has two CPUs
constexpr std::size_t most_objects = 64;

enum class action { none, pop, push, drain, migrate };

alignas(shard_bytes) std::array<shard, ids> shards;
std::array<magazine, ids> blocks;
std::atomic<shard*> bank{shards.data()};
percpu::rseq_layout layout{0, 0};  // by mm_cid or by CPU
thread_local std::uint32_t other_id = 0;

// Objects are numbers: of which there is one each, wherever it is.
void* object(std::size_t number) { return reinterpret_cast<void*>(number * 16); }
struct census {
  std::array<unsigned, most_objects> count{};
  bool strange = false;
  void add(void* o) {
    const std::size_t number = reinterpret_cast<std::uintptr_t>(o) / 16;
    if (number == 0 || number >= most_objects || o != object(number))
      strange = true;
    else
      ++count[number];
  }
};

#if defined(__x86_64__)
using instruction = unsigned char;
constexpr instruction breakpoint = 0xcc;  // int3
auto& pc_of(ucontext_t& context) { return context.uc_mcontext.gregs[REG_RIP]; }
constexpr int pc_is_behind_it = 1;
#else
using instruction = std::uint32_t;
constexpr instruction breakpoint = 0xd4200000;  // brk #0
auto& pc_of(ucontext_t& context) { return context.uc_mcontext.pc; }
constexpr int pc_is_behind_it = 0;
#endif

// One case, and what became of it; the signal handler works on it.
struct {
  std::array<instruction*, 2> at;
  std::array<instruction, 2> original;
  std::array<action, 2> what;
  std::size_t hits;
  census taken;      // what the handler holds
  census expected;   // all that has been put into the game
  std::size_t next;  // number of the next object it makes
  shard* left;       // where a migration came from, if nothing happened after it
  void** top_of_left;
} now;
std::uint64_t aborts = 0;

void write_code(instruction* at, instruction code) {
  *const_cast<volatile instruction*>(at) = code;
  __builtin___clear_cache(reinterpret_cast<char*>(at), reinterpret_cast<char*>(at + 1));
}
void arm(std::size_t level) {
  now.original[level] = *now.at[level];
  write_code(now.at[level], breakpoint);
}

void take(const percpu::rseq_layout& at) {
  void* o = nullptr;
  if (percpu::arch::pop(at, bank, o) == result::done) now.taken.add(o);
}
void give(const percpu::rseq_layout& at) {
  void* const o = object(now.next++);
  now.expected.add(o);
  if (percpu::arch::push(at, bank, o) == result::refused) now.taken.add(o);
}

// Moves to the other CPU; then some other thread works on the shard that was left.
void migrate() {
  other_id = percpu::arch::current_id(layout);
  run_on_cpu(static_cast<unsigned>(sched_getcpu()) ^ 1);
  auto* const self = static_cast<char*>(__builtin_thread_pointer());
  const percpu::rseq_layout theirs{layout.area, reinterpret_cast<char*>(&other_id) - self};
  if (magazine::word_of(shards[other_id].top.load()) == last_word)
    take(theirs);
  else
    give(theirs);
  if (percpu::arch::current_id(layout) == other_id) return;
  now.left = &shards[other_id];
  now.top_of_left = now.left->top;
}

void act(action what) {
  now.left = nullptr;
  switch (what) {
    case action::none: break;
    case action::pop: take(layout); break;
    case action::push: give(layout); break;
    case action::drain:
      for (std::uint32_t i = 0; i <= capacity; ++i) take(layout);
      break;
    case action::migrate: migrate(); break;
  }
}

void on_trap(int, siginfo_t*, void* context) {
  const std::size_t level = now.hits++;
  if (level >= now.at.size() || now.at[level] == nullptr) _exit(3);
  write_code(now.at[level], now.original[level]);
  auto& pc = pc_of(*static_cast<ucontext_t*>(context));
  const auto address = reinterpret_cast<std::uintptr_t>(now.at[level]);
  if (static_cast<std::uintptr_t>(pc) == address + pc_is_behind_it) {
    pc = static_cast<std::remove_reference_t<decltype(pc)>>(address);
  } else {
    ++aborts;  // the kernel has moved it to the abort landing
  }
  act(now.what[level]);
  if (level == 0 && now.at[1] != nullptr) arm(1);
}

// The two functions the breakpoints are in. On a page of their own: an emulator translates a page again
// after each write to it.
#define WALKED [[gnu::noinline, gnu::section("walked"), gnu::aligned(4096)]]
WALKED result popping(void*& out) { return percpu::arch::pop(layout, bank, out); }
WALKED result pushing(void* o) { return percpu::arch::push(layout, bank, o); }

void reset(std::uint32_t fill) {
  now.taken = {};
  now.expected = {};
  now.next = 1;
  now.left = nullptr;
  now.hits = 0;
  for (std::uint32_t id = 0; id < ids; ++id) {
    owned_magazine m = owned_magazine::empty(&blocks[id], capacity);
    for (std::uint32_t i = 0; i < fill; ++i) {
      now.expected.add(object(now.next));
      m.add(object(now.next++));
    }
    shards[id].top = loaded_magazine::top_of(m);
  }
}

// Every object exactly once; and nothing may happen to a shard after its CPU was left.
bool is_right(const census& held) {
  census found = held;
  for (std::size_t i = 0; i < most_objects; ++i) found.count[i] += now.taken.count[i];
  for (shard& s : shards) {
    const owned_magazine m = loaded_magazine::of(s.top).now;
    for (std::uint32_t w = m.base + 1; w <= m.top; ++w) found.add(m.block->word[w]);
  }
  if (found.strange || now.taken.strange) return false;
  if (now.left != nullptr && now.left->top != now.top_of_left) return false;
  return found.count == now.expected.count;
}

bool run_case(bool pops, std::uint32_t fill) {
  if (sched_getcpu() != 0) run_on_cpu(0);
  reset(fill);
  arm(0);
  census held;
  void* o = nullptr;
  if (pops) {
    if (popping(o) == result::done) held.add(o);
  } else {
    o = object(now.next++);
    now.expected.add(o);
    if (pushing(o) == result::refused) held.add(o);
  }
  for (std::size_t level = now.hits; level < 2; ++level) {  // what was not reached
    if (now.at[level] != nullptr && (level == 0 || now.hits == 1))
      write_code(now.at[level], now.original[level]);
  }
  return is_right(held);
}

using boundaries = std::array<std::vector<instruction*>, 2>;  // of pushing and popping

// Lines "pop ADDRESS" and "push ADDRESS".
bool read(const char* path, boundaries& into) {
  std::FILE* const file = std::fopen(path, "r");
  if (file == nullptr) return false;
  char name[16];
  unsigned long address = 0;
  while (std::fscanf(file, "%15s %lx", name, &address) == 2)
    into[std::strcmp(name, "pop") == 0 ? 1 : 0].push_back(reinterpret_cast<instruction*>(address));
  (void)std::fclose(file);
  return !into[0].empty() && !into[1].empty();
}

bool make_writable(const boundaries& all) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const auto& some : all) {
    for (instruction* const i : some) {
      void* const start = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(i) & ~(page - 1));
      if (mprotect(start, 2 * page, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
    }
  }
  return true;
}

void report(bool pops, std::ptrdiff_t first, std::ptrdiff_t second, std::uint32_t fill) {
  std::printf("vm: walk: wrong: %s, instruction %td action %d, instruction %td action %d, fill %u\n",
              pops ? "pop" : "push", first, static_cast<int>(now.what[0]), second,
              static_cast<int>(now.what[1]), fill);
}

// One breakpoint: all actions, with nothing, something and no room in the shard. Each must be met at least
// once.
outcome walk_once(const boundaries& all) {
  outcome count;
  for (const bool pops : {false, true}) {
    const auto& instructions = all[pops ? 1 : 0];
    for (instruction* const first : instructions) {
      bool reached = false;
      for (const action a : {action::none, action::pop, action::push, action::drain, action::migrate}) {
        for (const std::uint32_t fill : {0u, capacity / 2, capacity}) {
          now.at = {first, nullptr};
          now.what = {a, action::none};
          ++count.cases;
          if (!run_case(pops, fill) && ++count.bad <= 3) report(pops, first - instructions[0], -1, fill);
          reached = reached || now.hits > 0;
        }
      }
      if (!reached) {
        ++count.bad;
        std::printf("vm: walk: instruction %td of %s was never reached\n", first - instructions[0],
                    pops ? "pop" : "push");
      }
    }
  }
  return count;
}

// Two breakpoints, every pair of instructions. Without migrations, which cost an emulated machine
// milliseconds.
outcome walk_twice(const boundaries& all) {
  outcome count;
  for (const bool pops : {false, true}) {
    const auto& instructions = all[pops ? 1 : 0];
    for (instruction* const first : instructions) {
      for (instruction* const second : instructions) {
        for (const action a : {action::pop, action::push}) {
          for (const action b : {action::pop, action::push}) {
            now.at = {first, second};
            now.what = {a, b};
            ++count.cases;
            if (!run_case(pops, capacity / 2) && ++count.bad <= 3)
              report(pops, first - instructions[0], second - instructions[0], capacity / 2);
          }
        }
      }
    }
  }
  return count;
}

}  // namespace

outcome walk(const char* file, int levels) {
  boundaries all;
  if (!read(file, all) || !make_writable(all)) {
    std::printf("vm: walk: no instructions to walk over in %s\n", file);
    return {0, 1};
  }
  struct sigaction on {};
  on.sa_sigaction = on_trap;
  on.sa_flags = SA_SIGINFO;
  (void)sigaction(SIGTRAP, &on, nullptr);
  outcome count;
  constexpr std::ptrdiff_t cpu_id = 4;
  for (const std::ptrdiff_t id : {percpu::layout.id, percpu::layout.area + cpu_id}) {
    if (layout.id == id) continue;  // shards are by CPU anyway
    layout = {percpu::layout.area, id};
    count += walk_once(all);
    if (levels == 2) count += walk_twice(all);
  }
  if (aborts == 0) ++count.bad;  // then no breakpoint was inside a section
  std::printf("vm: walk instructions %zu cases %lu aborts %lu bad %lu\n", all[0].size() + all[1].size(),
              count.cases, aborts, count.bad);
  return count;
}

}  // namespace ebb::vm
