// Who takes the next step, and the search through all decisions.
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "machine.hpp"

namespace ebb::model {

namespace {

struct fiber {
  jmp_buf start;  // before its body
  jmp_buf at;     // where it goes on
  body run = nullptr;
  clock time;
  bool done = false;
  bool yielded = false;  // until another thread took a step
  const void* waits_for_mutex = nullptr;
  const void* waits_for_condition = nullptr;
  bool may_time_out = false;  // it waits for a condition, but not for ever
  unsigned char local[16] = {};
};

struct mutex_state {
  const void* address;
  int owner = -1;
  clock told;
};

constexpr std::size_t stack_bytes = 128 * 1024;
alignas(64) char stacks[max_threads][stack_bytes];
fiber fibers[max_threads];
int threads = 0;
jmp_buf explorer;
std::vector<mutex_state> mutexes;

struct decision {
  std::uint16_t taken, of;
};
std::vector<decision> path;
std::size_t position = 0;
settings settings_now;
int preemptions = 0;
int old_values = 0;
int yields = 0;
std::uint32_t steps = 0;
const char* failure = nullptr;
std::set<std::uint64_t> observed;

void* thread_local_at = nullptr;
std::size_t thread_local_bytes = 0;
unsigned char thread_local_first[16];

mutex_state& state_of(const void* mutex) {
  for (mutex_state& m : mutexes) {
    if (m.address == mutex) return m;
  }
  mutexes.push_back({mutex, -1, {}});
  return mutexes.back();
}

void take(const void* mutex, place p) {
  mutex_state& m = state_of(mutex);
  m.owner = current;
  fibers[current].time.learn(m.told);
  if (tracing) trace("lock", mutex, 0, std::memory_order_acquire, p);
}

bool can_run(int t) {
  const fiber& f = fibers[t];
  if (f.done || (f.waits_for_condition != nullptr && !f.may_time_out)) return false;
  return f.waits_for_mutex == nullptr || state_of(f.waits_for_mutex).owner < 0;
}

void swap_thread_locals(int from, int to) {
  if (thread_local_at == nullptr) return;
  if (from >= 0) std::memcpy(fibers[from].local, thread_local_at, thread_local_bytes);
  std::memcpy(thread_local_at, to >= 0 ? fibers[to].local : thread_local_first, thread_local_bytes);
}

[[noreturn]] void back_to_explorer() {
  swap_thread_locals(current, -1);
  current = -1;
  _longjmp(explorer, 1);
}

void go_to(int next) {
  const int from = current;
  if (next == from) return;
  swap_thread_locals(from, next);
  current = next;
  current_time = &fibers[next].time;
  if (_setjmp(fibers[from].at) == 0) _longjmp(fibers[next].at, 1);
}

// The threads that may go next; one that yielded only if nobody else can.
unsigned candidates(std::array<int, max_threads>& out) {
  unsigned n = 0;
  for (int t = 0; t < threads; ++t) {
    if (can_run(t) && !fibers[t].yielded) out[n++] = t;
  }
  for (int t = 0; n == 0 && t < threads; ++t) {
    if (can_run(t)) out[n++] = t;
  }
  return n;
}

// The running thread cannot go on, or does not want to.
void give_way() {
  std::array<int, max_threads> others{};
  const unsigned n = candidates(others);
  if (n == 0) {
    for (int t = 0; t < threads; ++t) {
      if (!fibers[t].done) fail("deadlock: no thread can take a step");
    }
    back_to_explorer();
  }
  const int next = others[choose(n)];
  if (tracing) trace_switch(current, next, false);
  go_to(next);
}

void count_step() {
  if (++steps > settings_now.max_steps) fail("livelock: an execution does not come to an end");
  for (int t = 0; t < threads; ++t) {
    if (t != current) fibers[t].yielded = false;
  }
}

// Enters below the first line once for each execution.
extern "C" void run_fiber(int me) {
  if (_setjmp(fibers[me].start) == 0) _longjmp(explorer, 1);
  fibers[current].run();
  fibers[current].done = true;
  give_way();
}

void start_fiber(int t) {
  ucontext_t context;
  (void)getcontext(&context);
  context.uc_stack.ss_sp = stacks[t];
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  makecontext(&context, reinterpret_cast<void (*)()>(run_fiber), 1, t);
  if (_setjmp(explorer) == 0) setcontext(&context);
}

// Until somebody notifies it, or, if it may time out, until it goes on for no reason. Returns whether that
// was so.
bool sleep_on(const void* condition, const void* mutex, bool may_time_out, place p) {
  if (now != phase::running) give_up("a wait outside of explore()");
  unlock(mutex, p);
  if (tracing) trace("waits for condition", condition, 0, std::memory_order_relaxed, p);
  fiber& me = fibers[current];
  me.waits_for_condition = condition;
  me.may_time_out = may_time_out;
  give_way();
  me.may_time_out = false;
  const bool timed_out = std::exchange(me.waits_for_condition, nullptr) != nullptr;
  if (timed_out && tracing) trace("times out", condition, 0, std::memory_order_relaxed, p);
  lock(mutex, p);
  return timed_out;
}

void on_bad_memory(int) {
  if (now != phase::running && now != phase::ending) _exit(gave_up);
  fail("the program touched memory that is not there");
}

// One execution, along `path` as far as it goes, then always the first alternative.
void execute(body at_end) {
  ++execution;
  position = 0;
  preemptions = 0;
  old_values = 0;
  yields = 0;
  steps = 0;
  failure = nullptr;
  mutexes.clear();
  for (int t = 0; t < threads; ++t) {
    fiber& f = fibers[t];
    f.time = {};
    f.time.knows[t] = 1;
    f.done = f.yielded = f.may_time_out = false;
    f.waits_for_mutex = f.waits_for_condition = nullptr;
    std::memcpy(f.local, thread_local_first, sizeof f.local);
    std::memcpy(f.at, f.start, sizeof f.at);
  }
  now = phase::running;
  std::array<int, max_threads> all{};
  const unsigned n = candidates(all);
  const int first = all[choose(n)];
  if (tracing) trace_switch(-1, first, false);
  if (_setjmp(explorer) == 0) {
    swap_thread_locals(-1, first);
    current = first;
    current_time = &fibers[first].time;
    _longjmp(fibers[first].at, 1);
  }
  now = phase::ending;
  if (failure == nullptr && _setjmp(explorer) == 0) at_end();
  now = phase::setting_up;
  restore_memory();
  restore_mappings();
}

bool next_path() {
  while (!path.empty() && path.back().taken + 1 >= path.back().of) path.pop_back();
  if (path.empty()) return false;
  ++path.back().taken;
  return true;
}

[[noreturn]] void report_failure(std::uint64_t executions, body at_end) {
  std::printf("VIOLATED after %llu executions: %s\n", static_cast<unsigned long long>(executions), failure);
  if (settings_now.trace) {
    std::puts("The schedule, once more:");
    tracing = true;
    execute(at_end);
    std::printf("=> %s\n", failure != nullptr ? failure : "NOT REPRODUCED");
  }
  std::fflush(stdout);
  _exit(wrong);
}

}  // namespace

settings& options() noexcept { return settings_now; }

bool may_see_old() noexcept { return old_values < settings_now.most_old; }
void saw_old() noexcept { ++old_values; }
int times_yielded() noexcept { return yields; }

bool on_a_fiber_stack(const void* at) noexcept {
  return at >= static_cast<void*>(stacks) && at < static_cast<void*>(stacks + max_threads);
}

bool is_local_to_each_thread(const void* at) noexcept {
  const char* const first = static_cast<const char*>(thread_local_at);
  return at >= static_cast<const void*>(first) && at < static_cast<const void*>(first + thread_local_bytes);
}

void local_to_each_thread(void* at, std::size_t bytes) {
  if (bytes > sizeof thread_local_first) give_up("too much that is local to each thread");
  thread_local_at = at;
  thread_local_bytes = bytes;
  std::memcpy(thread_local_first, at, bytes);
}

unsigned choose(unsigned n) {
  if (n <= 1) return 0;
  if (position == path.size()) path.push_back({0, static_cast<std::uint16_t>(n)});
  if (path[position].of != n) give_up("the scenario does not do the same when it is repeated");
  return path[position++].taken;
}

void before_step() {
  count_step();
  if (preemptions >= settings_now.bound) return;
  std::array<int, max_threads> list{};
  unsigned n = 1;
  list[0] = current;
  for (int t = 0; t < threads; ++t) {
    if (t != current && can_run(t)) list[n++] = t;
  }
  const unsigned taken = choose(n);
  if (taken == 0) return;
  ++preemptions;
  if (tracing) trace_switch(current, list[taken], true);
  go_to(list[taken]);
}

void lock(const void* mutex, place p) {
  if (now != phase::running) return;
  before_step();
  if (state_of(mutex).owner >= 0) {
    if (tracing) trace("waits for mutex", mutex, 0, std::memory_order_acquire, p);
    fibers[current].waits_for_mutex = mutex;
    give_way();  // and comes back when nobody owns it
    fibers[current].waits_for_mutex = nullptr;
  }
  take(mutex, p);
}

bool try_lock(const void* mutex, place p) {
  if (now != phase::running) return true;
  before_step();
  if (state_of(mutex).owner >= 0) return false;
  take(mutex, p);
  return true;
}

void unlock(const void* mutex, place p) {
  if (now != phase::running) return;
  before_step();
  mutex_state& m = state_of(mutex);
  check(m.owner == current, "a mutex is unlocked by a thread that does not hold it");
  m.told.learn(my_clock());
  ++my_clock().knows[current];
  m.owner = -1;
  if (tracing) trace("unlock", mutex, 0, std::memory_order_release, p);
}

void wait(const void* condition, const void* mutex, place p) { (void)sleep_on(condition, mutex, false, p); }

bool wait_some_time(const void* condition, const void* mutex, place p) {
  return sleep_on(condition, mutex, true, p);
}

void notify_one(const void* condition, place p) {
  if (now != phase::running) return;
  before_step();
  if (tracing) trace("notify one", condition, 0, std::memory_order_relaxed, p);
  std::array<int, max_threads> waiting{};
  unsigned n = 0;
  for (int t = 0; t < threads; ++t) {
    if (fibers[t].waits_for_condition == condition) waiting[n++] = t;
  }
  if (n > 0) fibers[waiting[choose(n)]].waits_for_condition = nullptr;
}

void notify_all(const void* condition, place p) {
  if (now != phase::running) return;
  before_step();
  if (tracing) trace("notify all", condition, 0, std::memory_order_relaxed, p);
  for (int t = 0; t < threads; ++t) {
    if (fibers[t].waits_for_condition == condition) fibers[t].waits_for_condition = nullptr;
  }
}

void yield(place p) {
  if (now != phase::running) return;
  count_step();
  if (tracing) trace("yield", nullptr, 0, std::memory_order_relaxed, p);
  fibers[current].yielded = true;
  ++yields;
  give_way();
}

void fail(const char* what) {
  failure = what;
  if (now == phase::setting_up) give_up(what);
  back_to_explorer();
}

void give_up(const char* why) {
  std::printf("GAVE UP: %s\n", why);
  std::fflush(stdout);
  _exit(gave_up);
}

void observe(std::uint64_t outcome) { observed.insert(outcome); }

result explore(std::initializer_list<body> bodies, body at_end) {
  if (bodies.size() > max_threads) give_up("more threads than the checker has");
  threads = 0;
  for (const body b : bodies) fibers[threads++].run = b;
  static char signal_stack[64 * 1024];
  const stack_t alternate{signal_stack, 0, sizeof signal_stack};
  (void)sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_handler = on_bad_memory;
  action.sa_flags = SA_NODEFER | SA_ONSTACK;
  for (const int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) (void)sigaction(s, &action, nullptr);
  remember_mappings();
  for (int t = 0; t < threads; ++t) start_fiber(t);
  observed.clear();
  result r;
  path.clear();
  std::uint64_t all = 0;
  do {
    forget_learning();
    ++all;
    ++r.executions;
    execute(at_end);
    if (something_new_is_shared()) {  // decisions are missing: from the beginning, and a failure comes
                                      // again
      path.clear();
      r.executions = 0;
      observed.clear();
      continue;
    }
    if (failure != nullptr) report_failure(all, at_end);
    if (all > settings_now.max_executions) give_up("not exhausted: too many executions");
  } while (something_new_is_shared() || next_path());
  r.observed = observed;
  return r;
}

}  // namespace ebb::model
