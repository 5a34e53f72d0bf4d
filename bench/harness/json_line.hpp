// One flat JSON object on one line: what the programs here that do not use Google Benchmark print.
#pragma once

#include <ebb/runtime_info.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include "statistics.hpp"

namespace bench {

class json_line {
 public:
  json_line() {
    const bool rseq = ebb::runtime_info().path == ebb::access_path::rseq;
    add("path", rseq ? "rseq" : "portable");
  }
  void add(const std::string& key, const char* value) {
    member(key, std::string("\"").append(value).append("\""));
  }
  void add(const std::string& key, double value) { member(key, std::to_string(value)); }
  void add_percentile(const std::string& name, const std::vector<double>& samples, int percent) {
    add(name + "_p" + std::to_string(percent) + "_ns", percentile(samples, percent / 100.0));
  }

  void print() const { std::printf("{%s}\n", members_.c_str()); }

 private:
  void member(const std::string& key, const std::string& value) {
    if (!members_.empty()) members_ += ", ";
    members_.append("\"").append(key).append("\": ").append(value);
  }

  std::string members_;
};

}  // namespace bench
