#include "sampler.hpp"

#include <cerrno>
#include <system_error>

#include "heap_count.hpp"
#include "resident_memory.hpp"
#include "usage_error.hpp"

namespace catalog {

sampler::sampler(const std::filesystem::path& file, std::chrono::milliseconds period, const services& s)
    : services_(s), out_(file) {
  if (!out_) {
    throw usage_error("cannot write " + file.string() + ": " + std::generic_category().message(errno) +
                      "; --sample-csv names a file to write");
  }
  out_ << "time_ms,rss_kib,idle_objects,requests,allocations\n";
  thread_ = std::jthread([this, period](const std::stop_token& stop) { run(stop, period); });
}

void sampler::run(const std::stop_token& stop, std::chrono::milliseconds period) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (auto next = start; !stop.stop_requested(); next += period) {
    write_line(std::chrono::steady_clock::now() - start);
    wake_.wait_until(lock, stop, next + period, [] { return false; });
  }
}

void sampler::write_line(std::chrono::steady_clock::duration since_start) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
  out_ << ms << ',' << resident_kib() << ',' << services_.pool.idle() << ',' << services_.requests.total()
       << ',' << heap_now().allocations << std::endl;  // flushed: the demo reads along
}

}  // namespace catalog
