// Writes down how a server is doing while it works: the data of a demo's picture.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

namespace example {

/// Writes one line of comma-separated numbers per period, on a thread of its own, until it dies. The first
/// column is `time_ms`, since it was made; `columns` names the others, and `write` writes them.
class sampler {
 public:
  /// Throws       usage_error when the file cannot be written.
  sampler(const std::filesystem::path& file, std::chrono::milliseconds period, std::string_view columns,
          std::function<void(std::ostream&)> write);

 private:
  void run(const std::stop_token& stop, std::chrono::milliseconds period);

  std::function<void(std::ostream&)> write_;
  std::ofstream out_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace example
