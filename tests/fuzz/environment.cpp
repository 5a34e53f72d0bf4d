// What the environment may say: EBB_RSEQ, EBB_CYCLE_PERIOD_MS, EBB_RANDOM, EBB_PRESSURE. Each is
// read once in a process, by a function that nobody else can call; so the sources are compiled here instead
// of with the library.
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "checks.cpp"
#include "collector_thread.cpp"
#include "pressure/control.cpp"
#include "runtime.cpp"
#include "target.hpp"

namespace ebb::fuzz {

namespace {

// Takes the place of stderr: whoever is refused has to be told so, with the value.
class captured_stderr {
 public:
  captured_stderr() : real_(stderr) { stderr = ::fmemopen(text_, sizeof text_, "w"); }
  ~captured_stderr() { (void)stop(); }
  captured_stderr(const captured_stderr&) = delete;
  captured_stderr& operator=(const captured_stderr&) = delete;
  std::string stop() {
    if (stderr != real_) {
      (void)std::fclose(stderr);
      stderr = real_;
    }
    return text_;
  }

 private:
  std::FILE* const real_;
  char text_[1024] = {};
};

// A number in decimal digits and nothing else, or nothing. The sign is what from_chars() takes for signed
// ones.
std::optional<long long> digits(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  long long value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min(value * 10 + (c - '0'), 1'000'000'000'000'000LL);
  }
  return negative ? -value : value;
}

void expect(const std::string& said, bool accepted, const char* name, const std::string& value) {
  if (accepted) {
    EBB_FUZZ_CHECK(said.empty());
  } else {
    EBB_FUZZ_CHECK(said.starts_with(std::string("ebbpool: ") + name + "=" + value + " is ignored"));
    EBB_FUZZ_CHECK(said.ends_with('\n'));
  }
}

void check_rseq(const std::string& value) {
  captured_stderr out;
  const detail::wish got = detail::wish_from_environment();
  const detail::wish wanted = value == "off"      ? detail::wish::off
                              : value == "cpu_id" ? detail::wish::cpu_id
                                                  : detail::wish::automatic;
  expect(out.stop(), value == "off" || value == "cpu_id" || value == "auto", "EBB_RSEQ", value);
  EBB_FUZZ_CHECK(got == wanted);
}

void check_period(const std::string& value) {
  captured_stderr out;
  const auto got = detail::period_from_environment();
  const auto number = digits(value);
  const bool valid = number && *number >= 0 && *number <= max_cycle_period.count();
  expect(out.stop(), valid, "EBB_CYCLE_PERIOD_MS", value);
  EBB_FUZZ_CHECK(got.count() == (valid ? *number : default_cycle_period.count()));
}

void check_random(const std::string& value) {
  captured_stderr out;
  const unsigned got = detail::checks::chance_from_environment();
  const auto number = digits(value);
  const bool valid = number && *number >= 2 && *number <= 1'000'000;
  expect(out.stop(), valid, "EBB_RANDOM", value);
  EBB_FUZZ_CHECK(got == (valid ? static_cast<unsigned>(*number) : 0));
}

void check_pressure(const std::string& value) {
  captured_stderr out;
  const bool got = detail::watching_by_environment();
  expect(out.stop(), value == "on" || value == "off", "EBB_PRESSURE", value);
  EBB_FUZZ_CHECK(got == (value != "off"));
}

}  // namespace

void environment(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  static constexpr const char* words[] = {"auto", "off",     "cpu_id",      "0",
                                          "1",    "1000000", "31536000000", "on"};
  std::string value;
  const std::uint8_t how = bytes[0];
  if (how & 4) value = words[how / 8 % std::size(words)];
  for (const std::uint8_t b : bytes.subspan(1, std::min<std::size_t>(bytes.size() - 1, 200))) {
    const char c = how & 128 ? static_cast<char>('0' + b % 10) : static_cast<char>(b);
    if (c != '\0') value.push_back(c);
  }
  static constexpr struct {
    const char* name;
    void (*check)(const std::string&);
  } all[] = {{"EBB_RSEQ", check_rseq},
             {"EBB_CYCLE_PERIOD_MS", check_period},
             {"EBB_RANDOM", check_random},
             {"EBB_PRESSURE", check_pressure}};
  const auto& one = all[how % 4];
  static_assert(std::size(all) == 4);
  (void)::setenv(one.name, value.c_str(), 1);
  one.check(value);
  (void)::unsetenv(one.name);
}

}  // namespace ebb::fuzz
