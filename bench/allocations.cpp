// ebb_allocations: how many blocks one text of 1 KiB allocates; prints one line of JSON. A program of its
// own, for its malloc() counts, which the benchmarks' must not. For the GNU C library, which lets programs
// do this.
#include <cstddef>
#include <string>

#include "harness/json_line.hpp"
#include "harness/keep.hpp"
#include "harness/pieces.hpp"
#include "systems/streams.hpp"

namespace {

thread_local std::size_t allocated = 0;

}  // namespace

extern "C" void* __libc_malloc(std::size_t bytes);  // NOLINT(bugprone-reserved-identifier)

// operator new of the standard library calls it, too.
extern "C" void* malloc(std::size_t bytes) {
  ++allocated;
  return __libc_malloc(bytes);
}

namespace {

template <class System>
void count(bench::json_line& out) {
  System system;
  const auto write = [&] {
    system.write([](auto& text) { bench::write_pieces(text); },
                 [](std::string_view text) { bench::keep(text.data()); });
  };
  for (int i = 0; i < 100; ++i) write();  // fills the pool
  constexpr int texts = 1000;
  const std::size_t before = allocated;
  for (int i = 0; i < texts; ++i) write();
  const std::size_t during = allocated - before;  // before the name below allocates
  out.add(std::string(System::name).append("_allocations"), static_cast<double>(during) / texts);
}

}  // namespace

int main() {
  bench::json_line out;
  count<bench::ebb_stream>(out);
  count<bench::std_stream>(out);
  out.print();
}
