// ebb_expensive: how long a unit of a request's work takes with an expensive object from each pool, and
// with one made for it; prints lines of JSON. `ebb_expensive --help` says how.
#include <malloc.h>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <regex>
#include <string>
#include <vector>

#include "harness/json_line.hpp"
#include "harness/missing.hpp"
#include "registry.hpp"

namespace {

struct selection {
  std::string cases = ".*";
  std::string systems = ".*";
  std::vector<unsigned> threads = {1, 2};
  unsigned rounds = 30;
  std::string malloc = "adapted";
};

// glibc's malloc() maps blocks from 128 KiB on, and gives back what is over 128 KiB at the end of a heap,
// until a mapped block is freed for the first time; from then on it keeps blocks of that size in its heaps,
// and twice as much at their ends. Programs may have either: they are told apart here, so that no case
// depends on what ran before it. Adapted is the better one for those without a pool.
// Other C libraries have no such thresholds: fixed is then the same as adapted.
void set_malloc_thresholds(bool fixed) {
#if defined(__GLIBC__)
  if (fixed) {
    constexpr int initial = 128 * 1024;
    mallopt(M_MMAP_THRESHOLD, initial);  // setting them stops the adaptation
    mallopt(M_TRIM_THRESHOLD, initial);
    return;
  }
#endif
  (void)fixed;
  void* const block = std::malloc(std::size_t{1024} * 1024);
  *static_cast<volatile char*>(block) = 0;  // or the compiler leaves both calls out
  std::free(block);
}

void run(const selection& wanted) {
  const std::regex cases(wanted.cases);
  const std::regex systems(wanted.systems);
  set_malloc_thresholds(wanted.malloc == "fixed");
  for (const bench::expensive_facts& object : bench::all_expensive()) {
    if (!std::regex_match(object.case_name, cases)) continue;
    object.check();
    for (const unsigned threads : wanted.threads) {
      bench::lineup line = object.at(threads);
      if (wanted.malloc == "fixed") line.case_name += "_fixed_malloc";
      std::erase_if(line.entrants,
                    [&](const bench::entrant& e) { return !std::regex_match(e.system, systems); });
      line.run(wanted.rounds);
      std::fflush(stdout);
    }
  }
}

void list() {
  for (const bench::expensive_facts& object : bench::all_expensive()) {
    bench::json_line line;
    line.add("case", object.case_name.c_str());
    line.add("library", object.library().c_str());
    line.add("missing", "");
    line.print();
  }
  bench::print_missing(EBB_MISSING, "case", "library");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Work done with expensive objects from each pool, and with new ones, in turns. Prints a line of "
      "JSON\n"
      "for each case, number of threads and system, with a sample of each round."};
  selection wanted;
  bool only_list = false;
  app.add_option("--cases", wanted.cases, "regular expression")->capture_default_str();
  app.add_option("--systems", wanted.systems, "regular expression")->capture_default_str();
  app.add_option("--threads", wanted.threads, "comma-separated")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--rounds", wanted.rounds, "samples of each")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--malloc", wanted.malloc,
                 "thresholds of glibc's malloc(): adapted to a freed block of 1 MiB, or fixed at 128 KiB;\n"
                 "then the names of the cases end in _fixed_malloc")
      ->capture_default_str()
      ->check(CLI::IsMember({"adapted", "fixed"}));
  app.add_flag("--list", only_list,
               "print the cases, whose library each is about, and what is not installed");
  try {
    app.parse(argc, argv);
    only_list ? list() : run(wanted);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ebb_expensive: %s\n", e.what());
    return 2;
  }
}
