#include "object_lineups.hpp"

#include "cases/all.hpp"
#include "peer.hpp"

namespace bench {

void add_objects(std::vector<lineup>& all, std::span<const unsigned> threads) {
  for_each_object_case([&]<class Case>() {
    for (const unsigned n : threads) {
      if (!Case::takes(n)) continue;
      lineup line{Case::name, n, {}};
      for (const peer* p : all_peers()) {
        if (!p->why_missing().empty()) continue;
        line.entrants.push_back({p->name(), [p](team& crew) { return p->start(Case::name, crew); }});
      }
      all.push_back(std::move(line));
    }
  });
}

}  // namespace bench
