// ebb_pauses CALLS: what cycles cost those who run them; prints one line of JSON.
#include <cstdio>
#include <cstdlib>

#include "measurements.hpp"

int main(int argc, char** argv) {
  const unsigned long calls = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (calls == 0) {
    std::fprintf(stderr, "usage: %s CALLS\n", argv[0]);
    return 2;
  }
  bench::json_line out;
  bench::measure_collect(static_cast<unsigned>(calls), out);
  bench::measure_trim(static_cast<unsigned>(calls / 100 + 1), out);
  bench::measure_pool_counts(static_cast<unsigned>(calls / 20 + 1), out);
  out.print();
}
