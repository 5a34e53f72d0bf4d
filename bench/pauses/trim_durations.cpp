// What the background thread's malloc_trim(0) takes after a pool's objects were destroyed.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "harness/payload.hpp"
#include "measurements.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace bench {

namespace {

// Leaves `bytes` of objects, written from end to end, to the heap as a pool that ebbs does. Returns what
// was allocated after them and stays: without it free() gives the top of the heap back by itself.
std::unique_ptr<payload> fill_and_ebb(std::size_t bytes) {
  ebb::object_pool<payload> pool;
  std::unique_ptr<payload> above;
  {
    std::vector<ebb::pooled<payload>> held(bytes / sizeof(payload));
    for (auto& object : held) {
      object = pool.get();
      for (std::uint64_t& word : object->words) word = 1;
    }
    above = std::make_unique<payload>();
  }
  ebb::collect();
  ebb::collect();
  return above;
}

}  // namespace

void measure_trim(unsigned calls, json_line& out) {
#if defined(__GLIBC__)
  for (const std::size_t mib : {64u, 1024u}) {
    std::vector<double> took;
    for (unsigned i = 0; i < calls; ++i) {
      const auto above = fill_and_ebb(mib << 20);
      const auto start = std::chrono::steady_clock::now();
      (void)::malloc_trim(0);
      took.push_back(
          std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
    }
    const std::string name = "trim_" + std::to_string(mib) + "_mib";
    for (const int percent : {50, 99, 100}) out.add_percentile(name, took, percent);
  }
#else
  (void)calls;
  (void)out;
#endif
}

}  // namespace bench
