// A text of 1 KiB in 16 pieces, from the construction of the stream to its destruction.
#include "harness/keep.hpp"
#include "harness/pieces.hpp"
#include "memory_cases.hpp"
#include "systems/streams.hpp"

namespace bench {

namespace {

struct text_case {
  static constexpr const char* name = "text";
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {};

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      system.write([](auto& out) { write_pieces(out); }, [](std::string_view text) { keep(text.data()); });
    }
  }
};

}  // namespace

void add_text(std::vector<lineup>& all) {
  for (const unsigned threads : {1U, 2U}) {
    all.push_back(lineup_of<text_case, ebb_stream, std_stream, ebb_as_ostream>(threads));
  }
}

}  // namespace bench
