// Writes down how the server is doing while it works: the data of the demo's picture.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "session.hpp"

namespace catalog {

/// Writes one line of comma-separated numbers per period, on a thread of its own, until it dies.
class sampler {
 public:
  /// Throws       usage_error when the file cannot be written.
  sampler(const std::filesystem::path& file, std::chrono::milliseconds period, const services& s);

 private:
  void run(const std::stop_token& stop, std::chrono::milliseconds period);
  void write_line(std::chrono::steady_clock::duration since_start);

  const services& services_;
  std::ofstream out_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace catalog
