// Lets allocation number i fail for every i until the scenario gets through, and call back number i
// misbehave. Each point in a process of its own, which has nothing in stock yet; with --in-process all in
// this one, for AddressSanitizer; with --scenario only those of one. The first thing that is wrong ends the
// program with status 1.
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <ebb/collector.hpp>

#include "scenario.hpp"

namespace {

struct what_runs {
  const char* scenario = "";
  const char* mode = "";
  std::uint64_t point = 0;
} running;

}  // namespace

token::~token() {
  --alive;
  if (on_death != nullptr) on_death();
}

void check(bool holds, const char* what) noexcept {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s, %s %llu: %s\n", running.scenario, running.mode,
               static_cast<unsigned long long>(running.point), what);
  std::fflush(nullptr);
  ::_exit(1);
}

namespace {

using failing::how;

// What the children of a scenario tell each other.
struct shared_notes {
  std::int64_t blocks_left;
  bool reached;
};
shared_notes* notes = nullptr;
bool in_process = false;

// Runs `body` in a process of its own, which has to end well.
template <class Body>
void apart(Body body) {
  if (in_process) return body();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  check(child >= 0, "fork");
  if (child == 0) {
    (void)::alarm(60);
    body();
    std::fflush(nullptr);
    ::_exit(0);
  }
  int status = 0;
  check(::waitpid(child, &status, 0) == child, "waitpid");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) ::_exit(1);  // has said why
  check(false, WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "ended with another status");
}

std::uint64_t sweep(const scenario& s) {
  running = {.scenario = s.name, .mode = "without failure", .point = 0};
  apart([&] {
    failing::plan(0, how::once);
    s.run();
    s.run();
    notes->blocks_left = failing::blocks();
  });
  std::uint64_t points = 0;
  for (const how mode : {how::once, how::onward}) {
    running.mode = mode == how::once ? "failure of number" : "failure from number";
    for (std::uint64_t i = 1;; ++i) {
      running.point = i;
      apart([&] {
        failing::plan(i, mode);
        s.run();
        notes->reached = failing::has_failed();
        failing::plan(0, how::once);
        s.run();  // as if nothing had been
        check(failing::blocks() == notes->blocks_left, "memory is leaked");
      });
      if (!notes->reached) break;
      ++points;
    }
  }
  return points;
}

std::uint64_t sweep_callbacks() {
  static constexpr const char* names[] = {
      "throwing call back",       "call back that gets and puts", "call back that adopts",
      "call back that gets many", "call back that collects",      "call back that uses another pool",
      "call back that refuses",   "call back that drains",        "call back that changes bounds"};
  std::uint64_t points = 0;
  for (const deed d : deeds) {
    running = {.scenario = "call backs", .mode = names[static_cast<int>(d)], .point = 0};
    apart([&] {
      (void)run_callbacks(0, d);
      (void)run_callbacks(0, d);
      notes->blocks_left = failing::blocks();
    });
    for (std::uint64_t i = 1;; ++i) {
      running.point = i;
      apart([&] {
        notes->reached = run_callbacks(i, d);
        (void)run_callbacks(0, d);
        check(failing::blocks() == notes->blocks_left, "memory is leaked");
      });
      if (!notes->reached) break;
      ++points;
    }
  }
  return points;
}

int usage() {
  std::fprintf(stderr, "sweep: usage: sweep [--in-process] [--scenario NAME]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const char* only = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--in-process") == 0) {
      in_process = true;
    } else if (std::strcmp(argv[i], "--scenario") == 0 && i + 1 < argc) {
      only = argv[++i];
    } else {
      return usage();
    }
  }
  // One CPU, so that how many objects a bounded pool keeps does not depend on where a thread runs.
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  (void)::sched_setaffinity(0, sizeof one, &one);
  ebb::set_cycle_period(std::chrono::milliseconds::zero());
  void* const page =
      ::mmap(nullptr, sizeof(shared_notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(page != MAP_FAILED, "mmap");
  notes = static_cast<shared_notes*>(page);

  std::uint64_t all = 0;
  bool known = false;
  const auto run = [&](const char* name, auto points_of) {
    if (only != nullptr && std::strcmp(only, name) != 0) return;
    known = true;
    const std::uint64_t points = points_of();
    std::printf("  %-24s %5llu points\n", name, static_cast<unsigned long long>(points));
    all += points;
  };
  for (const scenario& s : object_scenarios()) run(s.name, [&] { return sweep(s); });
  for (const scenario& s : memory_scenarios()) run(s.name, [&] { return sweep(s); });
  run("call backs", sweep_callbacks);
  if (!known) return usage();
  std::printf("total %llu points\n", static_cast<unsigned long long>(all));
}
