// One flat JSON object on one line: what the programs here that do not use Google Benchmark print.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "statistics.hpp"

namespace bench {

class json_line {
 public:
  void add(const std::string& key, const char* value) {
    member(key, std::string("\"").append(value).append("\""));
  }
  void add(const std::string& key, double value) { member(key, text(value)); }
  void add(const std::string& key, const std::vector<double>& values) {
    std::string list;
    for (const double value : values) list.append(list.empty() ? "" : ", ").append(text(value));
    member(key, "[" + list + "]");
  }
  void add_percentile(const std::string& name, const std::vector<double>& samples, int percent) {
    add(name + "_p" + std::to_string(percent) + "_ns", percentile(samples, percent / 100.0));
  }

  void print() const { std::printf("{%s}\n", members_.c_str()); }

 private:
  static std::string text(double value) {
    char digits[32];
    const int length = std::snprintf(digits, sizeof digits, "%.9g", value);
    return {digits, static_cast<std::size_t>(length)};
  }
  void member(const std::string& key, const std::string& value) {
    if (!members_.empty()) members_ += ", ";
    members_.append("\"").append(key).append("\": ").append(value);
  }

  std::string members_;
};

}  // namespace bench
