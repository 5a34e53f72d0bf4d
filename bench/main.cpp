// ebb_bench: every case on every system; prints lines of JSON. `ebb_bench --help` says how.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <regex>
#include <string>
#include <vector>

#include "harness/foreign_peer.hpp"
#include "harness/json_line.hpp"
#include "harness/lineup.hpp"
#include "harness/object_lineups.hpp"
#include "memory/memory_cases.hpp"

namespace {

struct selection {
  std::string cases = ".*";
  std::string systems = ".*";
  std::vector<unsigned> threads = {1, 2, 4, 16, 64};
  unsigned rounds = 30;
  std::vector<std::string> foreign;
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
    l.run(wanted.rounds);
    std::fflush(stdout);
  }
}

void list() {
  for (const bench::peer* p : bench::all_peers()) {
    bench::json_line line;
    line.add("system", p->name().c_str());
    line.add("version", p->version().c_str());
    line.add("missing", p->why_missing().c_str());
    line.print();
  }
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
  run_command->add_option("--foreign", wanted.foreign,
                          "NAME=COMMAND: a system in another process; repeatable");
  CLI::App* const list_command = app.add_subcommand("list", "print the systems that hand out objects");
  try {
    app.parse(argc, argv);
    if (run_command->parsed()) run(wanted);
    if (list_command->parsed()) list();
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ebb_bench: %s\n", e.what());
    return 2;
  }
}
