#include "lineup.hpp"

#include <cstddef>
#include <cstdio>

#include "json_line.hpp"

namespace bench {

namespace {

struct metric_samples {
  std::string metric;
  std::vector<double> samples;
};

struct participant {
  std::string system;
  std::unique_ptr<contender> at_work;
  std::vector<metric_samples> results;

  void take_turn() {
    const readings seen = at_work->slice();
    if (results.empty()) {
      for (const reading& r : seen) results.push_back({r.metric, {}});
    }
    for (std::size_t i = 0; i < seen.size(); ++i) results[i].samples.push_back(seen[i].value);
  }
};

}  // namespace

void lineup::run(unsigned rounds) const {
  team crew(threads);
  std::vector<participant> participants;
  for (const entrant& e : entrants) {
    if (auto at_work = e.start(crew)) participants.push_back({e.system, std::move(at_work), {}});
  }
  for (unsigned round = 0; round < rounds; ++round) {
    // Every other round runs backwards: nobody always follows the same neighbour.
    for (std::size_t k = 0; k < participants.size(); ++k) {
      participants[round % 2 == 0 ? k : participants.size() - 1 - k].take_turn();
    }
  }
  for (const participant& p : participants) {
    for (const metric_samples& m : p.results) {
      json_line line;
      line.add("case", case_name.c_str());
      line.add("threads", threads);
      line.add("system", p.system.c_str());
      line.add("metric", m.metric.c_str());
      line.add("samples", m.samples);
      line.print();
    }
  }
}

}  // namespace bench
