// Systems that run one case in turns of a few milliseconds, so that whatever else the machine does hits all
// of them alike, and the ratios of one round can be trusted more than the times.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contender.hpp"
#include "loop_contender.hpp"
#include "team.hpp"

namespace bench {

struct entrant {
  std::string system;
  // Makes and warms up the contender; null when the system does not take part.
  std::function<std::unique_ptr<contender>(team& crew)> start;
};

struct lineup {
  std::string case_name;
  unsigned threads;
  std::vector<entrant> entrants;

  // Runs all of them for so many rounds and prints a line of JSON for each system and metric, with one
  // sample for each round: the n-th samples of all systems were taken in the same round.
  void run(unsigned rounds) const;
};

// The systems of a case that are given by their types.
template <class Case, class... Systems>
lineup lineup_of(unsigned threads) {
  return {Case::name, threads, {entrant{Systems::name, [](team& crew) -> std::unique_ptr<contender> {
                                          return std::make_unique<loop_contender<Case, Systems>>(crew);
                                        }}...}};
}

}  // namespace bench
