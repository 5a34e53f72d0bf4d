// ebb_bench: every case on every system. Takes Google Benchmark's options and --rounds=N.
#include <ebb/runtime_info.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cases.hpp"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  constexpr std::string_view option = "--rounds=";
  bench::plan p;
  const std::string_view argument = argc > 1 ? argv[1] : "--rounds=60";
  if (argument.starts_with(option)) {
    p.rounds = static_cast<unsigned>(std::strtoul(argument.data() + option.size(), nullptr, 10));
  }
  if (argc > 2 || p.rounds == 0) {
    std::fprintf(stderr, "usage: %s [--rounds=N] [--benchmark_...]\n", argv[0]);
    return 2;
  }
  const ebb::runtime_information info = ebb::runtime_info();
  benchmark::AddCustomContext("ebb_path", info.path == ebb::access_path::rseq ? "rseq" : "portable");
  bench::register_pair(p);
  bench::register_pair_in_call(p);
  bench::register_burst(p);
  bench::register_starvation(p);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
