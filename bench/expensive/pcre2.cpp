// What PCRE2 needs to match a line with a pattern that all threads share: match data, a match context, and
// a stack for the compiled code, as large as the manual's examples suggest.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "registry.hpp"

namespace bench {

namespace {

struct release {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

// A line of a web server's log, about 200 bytes, in its parts; an empty query is left out.
struct log_line {
  std::string path;
  std::string query;
  std::string status;
  std::string text = R"(203.0.113.24 - frank [10/Oct/2023:13:55:36 +0000] "GET )" + path +
                     (query.empty() ? "" : "?" + query) + R"( HTTP/1.1" )" + status +
                     R"( 23264 "https://www.example.com/start.html" )" +
                     R"("Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/118.0")";
};

const std::array<log_line, request_count> lines = {{{"/orders/48213", "sort=price&page=3", "200"},
                                                    {"/static/app.css", "", "304"},
                                                    {"/search", "q=kettle", "500"},
                                                    {"/", "", "404"}}};

pcre2_code* pattern() {
  static const std::unique_ptr<pcre2_code, release> compiled = [] {
    static constexpr std::string_view text =
        R"re(^(\S+) \S+ (\S+) \[([^\]]+)\] "([A-Z]+) ([^ ?"]+)(?:\?([^ "]*))? HTTP/([\d.]+)" )re"
        R"re((\d{3}) (\d+|-) "([^"]*)" "([^"]*)"$)re";
    int error = 0;
    std::size_t at = 0;
    std::unique_ptr<pcre2_code, release> code(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, &error, &at, nullptr));
    if (code == nullptr || pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) != 0) {
      throw std::runtime_error("work_pcre2: the pattern does not compile");
    }
    return code;
  }();
  return compiled.get();
}

class pcre2_matcher {
 public:
  static constexpr const char* name = "work_pcre2";
  static std::string library() {
    char version[64] = "";
    pcre2_config(PCRE2_CONFIG_VERSION, version);
    return std::string("PCRE2 ") + version;
  }

  pcre2_matcher() {
    if (data_ == nullptr || context_ == nullptr || stack_ == nullptr) throw std::bad_alloc();
    pcre2_jit_stack_assign(context_.get(), nullptr, stack_.get());
  }

  void reset() {}  // a match begins by forgetting the last one

  // The result is where each group begins and ends.
  std::string_view work(std::size_t input, std::span<char> page) {
    const std::string& line = lines[input].text;
    const int groups = pcre2_match(pattern(), reinterpret_cast<PCRE2_SPTR>(line.data()), line.size(), 0, 0,
                                   data_.get(), context_.get());
    if (groups <= 0) return as_result(0, page);
    const std::size_t bytes = static_cast<std::size_t>(groups) * sizeof(span_of_group);
    std::memcpy(page.data(), pcre2_get_ovector_pointer(data_.get()), bytes);
    return {page.data(), bytes};
  }

  static bool is_right(std::string_view result, std::size_t input) {
    const log_line& line = lines[input];
    std::array<span_of_group, 12> groups{};
    if (result.size() != sizeof groups) return false;
    std::memcpy(groups.data(), result.data(), sizeof groups);
    const auto group = [&](std::size_t number) {
      const auto [begin, end] = groups[number];
      return begin == PCRE2_UNSET ? "" : line.text.substr(begin, end - begin);
    };
    return group(0) == line.text && group(1) == "203.0.113.24" && group(5) == line.path &&
           group(6) == line.query && group(8) == line.status;
  }

 private:
  struct span_of_group {
    std::size_t begin;
    std::size_t end;
  };
  static constexpr std::size_t stack_bytes = 32768;
  static constexpr std::size_t max_stack_bytes = 524288;

  std::unique_ptr<pcre2_match_data, release> data_{
      pcre2_match_data_create_from_pattern(pattern(), nullptr)};
  std::unique_ptr<pcre2_match_context, release> context_{pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, release> stack_{
      pcre2_jit_stack_create(stack_bytes, max_stack_bytes, nullptr)};
};

const expensive_object<pcre2_matcher> entry;

}  // namespace

}  // namespace bench
