// Runs the corpus, and as many inputs more as asked for, made from it by a fixed sequence of changes: the
// same in every run. Needs no fuzzing engine.
//
//   replay CORPUS EXECUTIONS [TARGET]   EXECUTIONS for each target, the corpus not counted
//   replay FILE TARGET                  one input, for a look at a crash
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "target.hpp"

namespace {

namespace fs = std::filesystem;
using bytes = std::vector<std::uint8_t>;

bytes read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// splitmix64
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  std::size_t below(std::size_t n) noexcept { return n == 0 ? 0 : next() % n; }

 private:
  std::uint64_t state_;
};

// A few changes to an input of the corpus, or bytes of its own.
bytes make(const std::vector<bytes>& corpus, dice& d) {
  constexpr std::size_t longest = 160;
  bytes out;
  if (!corpus.empty() && d.below(4) != 0) out = corpus[d.below(corpus.size())];
  if (out.empty()) {
    out.resize(1 + d.below(longest));
    for (std::uint8_t& b : out) b = static_cast<std::uint8_t>(d.next());
    return out;
  }
  for (std::size_t changes = 1 + d.below(6); changes > 0; --changes) {
    const auto at = static_cast<std::ptrdiff_t>(d.below(out.size()));
    switch (d.below(5)) {
      case 0: out[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(d.next()); break;
      case 1: out[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1u << d.below(8)); break;
      case 2: out.insert(out.begin() + at, static_cast<std::uint8_t>(d.next())); break;
      case 3:
        if (out.size() > 1) out.erase(out.begin() + at);
        break;
      default: {  // the tail of another
        const bytes& other = corpus[d.below(corpus.size())];
        out.resize(static_cast<std::size_t>(at) + 1);
        const auto from = static_cast<std::ptrdiff_t>(d.below(other.size()));
        out.insert(out.end(), other.begin() + from, other.end());
      }
    }
  }
  if (out.size() > 4 * longest) out.resize(4 * longest);
  return out;
}

bytes running;  // what is to be kept if the program stops

extern "C" void keep_it(int signal) {
  (void)std::fprintf(stderr, "signal %d; the input is in crash.input\n", signal);
  if (std::FILE* const f = std::fopen("crash.input", "wb")) {
    (void)std::fwrite(running.data(), 1, running.size(), f);
    (void)std::fclose(f);
  }
  std::_Exit(1);
}

std::uint64_t run(const ebb::fuzz::target& t, const fs::path& corpus_folder, std::uint64_t executions) {
  std::vector<fs::path> files;
  if (fs::is_directory(corpus_folder / t.name)) {
    for (const auto& entry : fs::directory_iterator(corpus_folder / t.name)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<bytes> corpus;
  for (const fs::path& f : files) {
    running = read(f);
    t.run(running);
    if (!running.empty()) corpus.push_back(running);
  }
  dice d(1);
  for (std::uint64_t i = 0; i < executions; ++i) {
    running = make(corpus, d);
    t.run(running);
  }
  std::printf("%-12s %zu inputs of the corpus, %llu made from them\n", std::string(t.name).c_str(),
              files.size(), static_cast<unsigned long long>(executions));
  (void)std::fflush(stdout);
  return files.size() + executions;
}

int usage(const char* what) {
  (void)std::fprintf(stderr,
                     "replay: %s; usage: replay CORPUS EXECUTIONS [TARGET], or replay FILE TARGET\n", what);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) return usage("two or three arguments");
  for (const int fatal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) (void)std::signal(fatal, keep_it);
  const fs::path from = argv[1];
  if (!fs::exists(from)) return usage("the first one is a file or a folder");
  const std::string_view wanted = argc == 4 ? argv[3] : fs::is_directory(from) ? "" : argv[2];
  std::uint64_t executions = 0;
  if (fs::is_directory(from)) {
    const auto [end, error] = std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), executions);
    if (error != std::errc{} || *end != '\0') return usage("EXECUTIONS is a number");
  }
  std::uint64_t total = 0;
  bool known = false;
  for (const ebb::fuzz::target& t : ebb::fuzz::targets) {
    if (!wanted.empty() && wanted != t.name) continue;
    known = true;
    if (fs::is_directory(from)) {
      total += run(t, from, executions);
    } else {
      running = read(from);
      t.run(running);
    }
  }
  if (!known) return usage("no such target");
  std::printf("executions: %llu\n", static_cast<unsigned long long>(total));
}
