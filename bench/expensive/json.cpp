// RapidJSON's document and the memory that it and its parser take from, as in its manual: two arenas that
// begin with memory of their user. Somebody else's parser, because one written for this benchmark could be
// made as dear as one likes.
#include <rapidjson/document.h>

#include <memory>
#include <string>

#include "registry.hpp"

namespace bench {

namespace {

class json_parser {
 public:
  static constexpr const char* name = "work_json";
  static std::string library() { return "RapidJSON " RAPIDJSON_VERSION_STRING; }

  void reset() {
    document_.SetNull();
    values_.Clear();
    stack_.Clear();  // the parser left nothing there
  }

  std::string_view work(std::size_t input, std::span<char> page) {
    if (values_.Size() != 0) return as_result(0, page);  // nobody has reset it, and it would grow for ever
    const std::string& body = requests[input].body;
    document_.Parse(body.data(), body.size());
    if (document_.HasParseError()) return as_result(0, page);
    std::uint64_t total = 0;
    for (const auto& item : document_["items"].GetArray()) {
      total += item["quantity"].GetUint64() * item["price"].GetUint64();
    }
    return as_result(total, page);
  }

  static bool is_right(std::string_view result, std::size_t input) {
    return as_number(result) == requests[input].total;
  }

 private:
  using arena = rapidjson::MemoryPoolAllocator<>;
  static constexpr std::size_t value_bytes = 65536;  // as much as RapidJSON takes if not told otherwise
  static constexpr std::size_t stack_bytes = 16384;

  std::unique_ptr<char[]> value_memory_ = std::make_unique_for_overwrite<char[]>(value_bytes);
  std::unique_ptr<char[]> stack_memory_ = std::make_unique_for_overwrite<char[]>(stack_bytes);
  arena values_{value_memory_.get(), value_bytes};
  arena stack_{stack_memory_.get(), stack_bytes};
  rapidjson::GenericDocument<rapidjson::UTF8<>, arena, arena> document_{&values_, 1024, &stack_};
};

const expensive_object<json_parser> entry;

}  // namespace

}  // namespace bench
