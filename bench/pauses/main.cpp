// ebb_pauses CALLS BLOCKS: what cycles cost those who run them and those who work meanwhile; prints one
// line of JSON.
#include <cstdio>
#include <cstdlib>

#include "measurements.hpp"

int main(int argc, char** argv) {
  const unsigned long calls = argc == 3 ? std::strtoul(argv[1], nullptr, 10) : 0;
  const unsigned long blocks = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if (calls == 0 || blocks == 0) {
    std::fprintf(stderr, "usage: %s CALLS BLOCKS\n", argv[0]);
    return 2;
  }
  bench::json_line out;
  bench::measure_collect(static_cast<unsigned>(calls), out);
  bench::measure_users(static_cast<unsigned>(blocks), out);
  out.print();
}
