// ebb_floor: how much of the distance between ebbpool and a thread-local list any pool by CPU would have.
// Get and put of the least that a restartable sequence can be (systems.cpp), of thread-local lists, and of
// ebbpool, in turns; then a hand-over, also by a pool that costs nothing (free.cpp). The measurement behind
// docs/costs.md.   usage: ebb_floor [ROUNDS [THREADS]]
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "harness/peer.hpp"
#include "harness/statistics.hpp"

namespace {

struct measured {
  std::string system;
  std::unique_ptr<bench::contender> at_work;
  std::vector<double> ns;
};

void compare(const char* case_name, unsigned threads, std::size_t rounds, const char* standard) {
  bench::team crew(threads);
  std::vector<measured> all;
  const measured* compared = nullptr;
  for (const bench::peer* p : bench::all_peers()) {
    if (!p->why_missing().empty() || p->name() == "ebb_tiers") continue;
    if (auto at_work = p->start(case_name, crew)) all.push_back({p->name(), std::move(at_work), {}});
  }
  // As in ebb_bench, every other round runs backwards.
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      measured& m = all[round % 2 == 0 ? k : all.size() - 1 - k];
      m.ns.push_back(m.at_work->slice().front().value);
    }
  }
  for (const measured& m : all) {
    if (m.system == standard) compared = &m;
  }
  std::printf("%s, %u thread(s), %zu rounds: ns for a pair, and how many times as long as %s\n", case_name,
              threads, rounds, standard);
  for (const measured& m : all) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < rounds; ++i) ratios.push_back(m.ns[i] / compared->ns[i]);
    std::printf("  %-20s %6.2f  %5.2fx (%.2f - %.2f)\n", m.system.c_str(), bench::percentile(m.ns, 0.5),
                bench::percentile(ratios, 0.5), bench::percentile(ratios, 0.1),
                bench::percentile(ratios, 0.9));
  }
}

unsigned number(const char* text) {
  const unsigned long n = std::strtoul(text, nullptr, 10);
  if (n >= 1 && n <= 100'000) return static_cast<unsigned>(n);
  std::fprintf(stderr, "ebb_floor: %s; valid are 1 to 100000\n", text);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned rounds = argc > 1 ? number(argv[1]) : 300;
  const unsigned threads = argc > 2 ? number(argv[2]) : 1;
  for (const char* case_name : {"pair", "pair_in_call"}) compare(case_name, threads, rounds, "tls_list");
  compare("handover", 2, rounds, "ebb");
}
