// Percentiles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace bench {

// The value that a share `q` (0 .. 1) of the samples does not exceed; 0 when there are none.
inline double percentile(std::vector<double> samples, double q) {
  if (samples.empty()) return 0;
  const auto last = static_cast<double>(samples.size() - 1);
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(q * last + 0.5);
  std::nth_element(samples.begin(), nth, samples.end());
  return *nth;
}

}  // namespace bench
