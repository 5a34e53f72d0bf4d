// ebb_bench: every case on every system; prints lines of JSON. `ebb_bench --help` says how.
#include <dlfcn.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "alone/commands.hpp"
#include "harness/foreign_peer.hpp"
#include "harness/json_line.hpp"
#include "harness/lineup.hpp"
#include "harness/missing.hpp"
#include "harness/object_lineups.hpp"
#include "memory/memory_cases.hpp"

namespace {

struct selection {
  std::string cases = ".*";
  std::string systems = ".*";
  std::vector<unsigned> threads = {1, 2, 4, 16, 64};
  unsigned rounds = 30;
  std::optional<unsigned> rounds_sharing;
  std::vector<std::string> foreign;

  // Slices of threads that share CPUs are long.
  [[nodiscard]] unsigned rounds_for(unsigned n) const {
    if (n <= std::thread::hardware_concurrency()) return rounds;
    return rounds_sharing.value_or(std::min(rounds, std::max(10U, rounds / 3)));
  }
};

std::vector<bench::lineup> all_lineups(const std::vector<unsigned>& threads) {
  std::vector<bench::lineup> all;
  bench::add_objects(all, threads);
  bench::add_buffers(all);
  bench::add_blocks(all);
  bench::add_blocks_handover(all);
  bench::add_containers(all);
  bench::add_text(all);
  return all;
}

void run(const selection& wanted) {
  std::vector<std::unique_ptr<bench::foreign_peer>> foreign;
  for (const std::string& command : wanted.foreign) {
    foreign.push_back(std::make_unique<bench::foreign_peer>(command));
  }
  const std::regex cases(wanted.cases);
  const std::regex systems(wanted.systems);
  for (bench::lineup& l : all_lineups(wanted.threads)) {
    if (!std::regex_match(l.case_name, cases)) continue;
    if (std::ranges::find(wanted.threads, l.threads) == wanted.threads.end()) continue;
    std::erase_if(l.entrants,
                  [&](const bench::entrant& e) { return !std::regex_match(e.system, systems); });
    l.run(wanted.rounds_for(l.threads));
    std::fflush(stdout);
  }
}

// Which library malloc() comes from: LD_PRELOAD can replace it.
void tell_malloc() {
  Dl_info found{};
  const bool known = dladdr(dlsym(RTLD_DEFAULT, "malloc"), &found) != 0;
  const std::string path = known ? found.dli_fname : "unknown";
  bench::json_line line;
  line.add("malloc", path.substr(path.rfind('/') + 1).c_str());
  line.print();
}

void list() {
  for (const bench::peer* p : bench::all_peers()) {
    bench::json_line line;
    line.add("system", p->name().c_str());
    line.add("version", p->version().c_str());
    line.add("missing", p->why_missing().c_str());
    line.print();
  }
  bench::print_missing(EBB_MISSING, "system", "version");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "The benchmarks of ebbpool: all systems on every case, in turns. Prints a line of JSON for each\n"
      "case, number of threads, system and metric, with a sample of each round."};
  app.require_subcommand(1);
  selection wanted;
  CLI::App* const run_command = app.add_subcommand("run", "run cases");
  run_command->add_option("--cases", wanted.cases, "regular expression")->capture_default_str();
  run_command->add_option("--systems", wanted.systems, "regular expression")->capture_default_str();
  run_command->add_option("--threads", wanted.threads, "comma-separated")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  run_command->add_option("--rounds", wanted.rounds, "samples of each")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  run_command
      ->add_option("--rounds-sharing", wanted.rounds_sharing,
                   "samples where there are more threads than CPUs; a third of the others, but at least 10")
      ->check(CLI::Range(1, 100'000));
  run_command->add_option("--foreign", wanted.foreign,
                          "NAME=COMMAND: a system in another process; repeatable");
  CLI::App* const list_command = app.add_subcommand("list", "print the systems that hand out objects");
  CLI::App* const malloc_command = app.add_subcommand("malloc", "print where malloc() comes from");
  int status = 0;
  bench::add_alone_commands(app, status);
  try {
    app.parse(argc, argv);
    if (run_command->parsed()) run(wanted);
    if (list_command->parsed()) list();
    if (malloc_command->parsed()) tell_malloc();
    return status;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ebb_bench: %s\n", e.what());
    return 2;
  }
}
