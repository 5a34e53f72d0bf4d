// ebb_go_cases CASE THREADS BENCHTIME: one case of Go's benchmarks on ebbpool; prints one line of JSON.
// BENCHTIME is a time in seconds (0.2s) or a number of operations (1000x), as for Go.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cases.hpp"

namespace {

using namespace bench::go;

struct named_case {
  std::string_view name;
  void (*run)(unsigned threads, const amount& wanted, bench::json_line& out);
  bool counted;  // takes a number of operations only
};

constexpr std::array cases{
    named_case{"PoolSTW", pool_stw, true},
    named_case{"PoolExpensiveNew", pool_expensive_new, true},
    named_case{"ByteBuffer16", byte_buffer_16, false},
    named_case{"ByteBuffer1K", byte_buffer_1k, false},
};

// An amount of 0 and 0 if the text is neither.
amount parse_amount(const char* text) {
  char* unit = nullptr;
  const double number = std::strtod(text, &unit);
  if (!(number > 0)) return {};
  if (std::string_view(unit) == "x") return {.operations = static_cast<std::uint64_t>(number)};
  if (std::string_view(unit) == "s") return {.seconds = number};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc == 4 ? argv[1] : "";
  for (const named_case& c : cases) {
    if (c.name != name) continue;
    const auto threads = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
    const amount wanted = parse_amount(argv[3]);
    if (threads == 0 || (wanted.operations == 0 && (c.counted || wanted.seconds <= 0))) break;
    bench::json_line out;
    out.add("case", argv[1]);
    out.add("threads", threads);
    c.run(threads, wanted, out);
    out.print();
    return 0;
  }
  std::fprintf(stderr,
               "usage: %s CASE THREADS BENCHTIME\n"
               "BENCHTIME is like 0.2s or 1000x; PoolSTW and PoolExpensiveNew take only the latter\n",
               argv[0]);
  return 2;
}
