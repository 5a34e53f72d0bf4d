// One system at work on one case.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// What one slice showed, under a name such as "ns".
struct reading {
  std::string metric;
  double value;
};
using readings = std::vector<reading>;

inline double value_of(const readings& all, std::string_view metric) {
  for (const reading& r : all) {
    if (r.metric == metric) return r.value;
  }
  throw std::runtime_error("no reading of " + std::string(metric));
}

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
