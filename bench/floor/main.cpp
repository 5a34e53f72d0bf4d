// ebb_floor: how much of the distance between ebbpool and a thread-local list any pool by CPU would have,
// and how far any pool could be ahead of another language's. Get and put of the least that a restartable
// sequence can be (systems.cpp) and of the least pool of magazines (magazines.cpp), of pools that cost
// nothing or next to it (free.cpp), of a pool for each thread (apart.cpp), of thread-local lists, and of
// ebbpool, in turns. The measurement behind docs/costs.md.
//   usage: ebb_floor [ROUNDS [NAME=COMMAND]]   with a system in another process, as ebb_bench's --foreign
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/foreign_peer.hpp"
#include "harness/peer.hpp"
#include "harness/statistics.hpp"

namespace {

struct measured {
  std::string system;
  std::unique_ptr<bench::contender> at_work;
  std::vector<double> ns;
};

std::vector<double> ratios(const measured& a, const measured& b) {
  std::vector<double> all;
  for (std::size_t i = 0; i < a.ns.size(); ++i) all.push_back(a.ns[i] / b.ns[i]);
  return all;
}

void print_spread(const std::vector<double>& ratios) {
  std::printf("  %6.2fx (%.2f - %.2f)", bench::percentile(ratios, 0.5), bench::percentile(ratios, 0.1),
              bench::percentile(ratios, 0.9));
}

struct comparison {
  const char* case_name;
  unsigned threads;
  const char* standard;
};

void compare(const comparison& c, std::size_t rounds, const std::string& foreign) {
  bench::team crew(c.threads);
  std::vector<measured> all;
  for (const bench::peer* p : bench::all_peers()) {
    if (!p->why_missing().empty() || p->name() == "ebb_tiers") continue;
    if (auto at_work = p->start(c.case_name, crew)) all.push_back({p->name(), std::move(at_work), {}});
  }
  // As in ebb_bench, every other round runs backwards.
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      measured& m = all[round % 2 == 0 ? k : all.size() - 1 - k];
      m.ns.push_back(m.at_work->slice().front().value);
    }
  }
  const auto named = [&](const std::string& name) {
    return std::find_if(all.begin(), all.end(), [&](const measured& m) { return m.system == name; });
  };
  const auto other = named(foreign);
  std::printf("%s, %u thread(s), %zu rounds: ns, how many times as long as %s", c.case_name, c.threads,
              rounds, c.standard);
  if (other != all.end()) std::printf(", and how many times as long %s takes", foreign.c_str());
  std::printf("\n");
  for (const measured& m : all) {
    std::printf("  %-20s %7.2f", m.system.c_str(), bench::percentile(m.ns, 0.5));
    print_spread(ratios(m, *named(c.standard)));
    if (other != all.end()) print_spread(ratios(*other, m));
    std::printf("\n");
  }
}

std::size_t number(const char* text) {
  const unsigned long n = std::strtoul(text, nullptr, 10);
  if (n >= 1 && n <= 100'000) return n;
  std::fprintf(stderr, "ebb_floor: %s; valid are 1 to 100000\n", text);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::size_t rounds = argc > 1 ? number(argv[1]) : 300;
  const std::string command = argc > 2 ? argv[2] : "";
  std::optional<bench::foreign_peer> foreign;
  if (!command.empty()) foreign.emplace(command);
  for (const comparison& c : {comparison{"pair", 1, "tls_list"}, comparison{"pair_in_call", 1, "tls_list"},
                              comparison{"starvation", 1, "ebb"}, comparison{"burst_1000", 1, "ebb"},
                              comparison{"burst_1000", 2, "ebb"}, comparison{"handover", 2, "ebb"}}) {
    compare(c, rounds, command.substr(0, command.find('=')));
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "ebb_floor: %s\n", e.what());
  return 2;
}
