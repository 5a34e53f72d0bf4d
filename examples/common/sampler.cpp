#include "sampler.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "usage_error.hpp"

namespace example {

sampler::sampler(const std::filesystem::path& file, std::chrono::milliseconds period,
                 std::string_view columns, std::function<void(std::ostream&)> write)
    : write_(std::move(write)), out_(file) {
  if (!out_) {
    throw usage_error("cannot write " + file.string() + ": " + std::generic_category().message(errno) +
                      "; --sample-csv names a file to write");
  }
  out_ << "time_ms," << columns << '\n';
  thread_ = std::jthread([this, period](const std::stop_token& stop) { run(stop, period); });
}

void sampler::run(const std::stop_token& stop, std::chrono::milliseconds period) {
  using namespace std::chrono;
  const auto start = steady_clock::now();
  std::unique_lock lock(mutex_);
  for (auto next = start; !stop.stop_requested(); next += period) {
    out_ << duration_cast<milliseconds>(steady_clock::now() - start).count() << ',';
    write_(out_);
    out_ << std::endl;  // flushed: the demo reads along
    wake_.wait_until(lock, stop, next + period, [] { return false; });
  }
}

}  // namespace example
