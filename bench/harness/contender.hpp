// One system at work on one case.
#pragma once

#include <string>
#include <vector>

namespace bench {

// What one slice showed, under a name such as "ns".
struct reading {
  std::string metric;
  double value;
};
using readings = std::vector<reading>;

class contender {
 public:
  contender() = default;
  contender(const contender&) = delete;
  contender& operator=(const contender&) = delete;
  virtual ~contender() = default;

  // Runs for some milliseconds. Every slice of one contender gives the same metrics in the same order.
  virtual readings slice() = 0;
};

}  // namespace bench
