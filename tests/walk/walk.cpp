// The breakpoint walk: every instruction of a function with a critical section is interrupted once with
// every hostile action, at every fill level, and what comes out must be what some serial order would have
// given.
//
//   walk once|twice|pairs LIST [--made-up] [FUNCTION...]
//
//   once    one interruption
//   twice   two interruptions of the same call: the second may come while the section starts again
//   pairs   the first interruption calls the second function, which is interrupted as well
//   LIST    of boundaries (boundaries.py)
//   --made-up   the id is a variable of the walk, and not the kernel's: migrations cost nothing
//
// Exit: 0 nothing found, 1 violations, 2 arguments, 3 a walked function hangs, 4 it crashes, 77 no rseq
// here.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime.hpp"
#include "walker.hpp"

namespace {

using namespace ebb::walk;

constexpr const char* usage = "usage: walk once|twice|pairs LIST [--made-up] [FUNCTION...]";

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "walk: %s; %s\n", why.c_str(), usage);
  std::exit(2);
}

op op_named(const std::string& name) {
  for (std::size_t i = 0; i < op_names.size(); ++i) {
    if (name == op_names[i]) return static_cast<op>(i);
  }
  refuse("there is no function " + name);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) refuse("too few arguments");
  const std::string mode = argv[1];
  if (mode != "once" && mode != "twice" && mode != "pairs") refuse("there is no mode " + mode);
  bool made_up = false;
  std::vector<op> chosen;
  for (int i = 3; i < argc; ++i) {
    if (std::strcmp(argv[i], "--made-up") == 0) {
      made_up = true;
    } else {
      chosen.push_back(op_named(argv[i]));
    }
  }
  if (chosen.empty() && mode == "pairs") chosen = {op::pop, op::push};
  if (chosen.empty()) {
    for (std::size_t i = 0; i < op_names.size(); ++i) chosen.push_back(static_cast<op>(i));
  }
  if (!ebb::detail::percpu::has_rseq()) {
    std::printf("skipped: %s\n", ebb::detail::this_runtime().reason);
    return 77;
  }

  walker w(argv[2], made_up);
  for (const op first : chosen) {
    if (mode == "once") w.once(first);
    if (mode == "twice") w.twice(first);
    for (const op second : chosen) {
      if (mode == "pairs") w.pair(first, second);
    }
  }
  w.finish();
  return w.violations() == 0 ? 0 : 1;
}
