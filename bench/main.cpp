// ebb_bench: every case on every system. Takes Google Benchmark's options and --rounds=N.
#include <ebb/runtime_info.hpp>

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cases.hpp"

namespace {

// The file name of the library that malloc() comes from, which LD_PRELOAD can replace.
std::string malloc_library() {
  Dl_info found{};
  if (dladdr(dlsym(RTLD_DEFAULT, "malloc"), &found) == 0) return "unknown";
  const std::string path = found.dli_fname;
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

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
  benchmark::AddCustomContext("malloc", malloc_library());
  bench::register_pair(p);
  bench::register_pair_in_call(p);
  bench::register_burst(p);
  bench::register_starvation(p);
  bench::register_buffers(p);
  bench::register_blocks(p);
  bench::register_handover(p);
  bench::register_containers(p);
  bench::register_text(p);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
