// Buffers that requests fill in part. The memory is not initialised by anybody: a std::vector<char>(bytes)
// would clear all of it for each user.
#include <algorithm>
#include <memory>
#include <string>

#include "registry.hpp"

namespace bench {

namespace {

template <std::size_t Bytes, std::size_t Filled>
class buffer {
 public:
  static constexpr std::size_t bytes = Bytes;
  static std::string library() { return ""; }

  void reset() {}  // users write before they read
  std::string_view work(std::size_t input, std::span<char> /*page*/) { return fill(memory_.get(), input); }

  // As if the same body arrived again and again.
  static std::string_view fill(char* memory, std::size_t input) {
    const std::string& body = requests[input].body;
    for (std::size_t at = 0; at < Filled; at += body.size()) {
      std::memcpy(memory + at, body.data(), std::min(body.size(), Filled - at));
    }
    return {memory, Filled};
  }

  static bool is_right(std::string_view result, std::size_t input) {
    const std::string& body = requests[input].body;
    if (result.size() != Filled) return false;
    for (std::size_t i = 0; i < Filled; ++i) {
      if (result[i] != body[i % body.size()]) return false;
    }
    return true;
  }

 private:
  std::unique_ptr<char[]> memory_ = std::make_unique_for_overwrite<char[]>(Bytes);
};

struct buffer_64k : buffer<std::size_t{64} * 1024, std::size_t{4} * 1024> {
  static constexpr const char* name = "work_buffer_64k";
};
struct buffer_1m : buffer<std::size_t{1024} * 1024, std::size_t{256} * 1024> {
  static constexpr const char* name = "work_buffer_1m";
};

const expensive_object<buffer_64k, ebb_buffers<buffer_64k>> entry_64k;
const expensive_object<buffer_1m, ebb_buffers<buffer_1m>> entry_1m;

}  // namespace

}  // namespace bench
