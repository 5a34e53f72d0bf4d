// A straight line through samples of resident memory.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

struct sample {
  double hours;
  double kib;
};

struct line {
  double mean_kib = 0;
  double kib_per_hour = 0;
  double error = 0;  // standard error of the slope
  double hours = 0;  // from the first block to the last

  [[nodiscard]] double percent_per_hour(double slope) const { return 100 * slope / mean_kib; }
  [[nodiscard]] double growth_kib() const { return kib_per_hour * hours; }
};

// Least squares. Neighbouring samples are alike, which would make the error look smaller than it is; what
// is fitted are therefore the means of up to 40 blocks of them.
inline line fit(const std::vector<sample>& samples) {
  const std::size_t blocks = samples.size() < 40 ? samples.size() : 40;
  if (blocks < 3) return {};
  std::vector<sample> means;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::size_t from = samples.size() * b / blocks;
    const std::size_t to = samples.size() * (b + 1) / blocks;
    sample sum{0, 0};
    for (std::size_t i = from; i < to; ++i) {
      sum.hours += samples[i].hours;
      sum.kib += samples[i].kib;
    }
    const auto n = static_cast<double>(to - from);
    means.push_back({sum.hours / n, sum.kib / n});
  }
  const auto n = static_cast<double>(blocks);
  double x = 0;
  double y = 0;
  for (const sample& m : means) {
    x += m.hours / n;
    y += m.kib / n;
  }
  double xx = 0;
  double xy = 0;
  for (const sample& m : means) {
    xx += (m.hours - x) * (m.hours - x);
    xy += (m.hours - x) * (m.kib - y);
  }
  line l{.mean_kib = y, .kib_per_hour = xy / xx, .hours = means.back().hours - means.front().hours};
  double residues = 0;
  for (const sample& m : means) {
    const double off = m.kib - (y + l.kib_per_hour * (m.hours - x));
    residues += off * off;
  }
  l.error = std::sqrt(residues / (n - 2) / xx);
  return l;
}
