// Prints "rseq" or "portable", and why: the scripts ask before they choose what to run.
#include <cstdio>

#include <ebb/runtime_info.hpp>

int main() {
  const ebb::runtime_information info = ebb::runtime_info();
  std::printf("%s: %s\n", info.path == ebb::access_path::rseq ? "rseq" : "portable", info.reason.c_str());
}
