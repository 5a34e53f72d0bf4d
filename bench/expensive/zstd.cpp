// zstd's context to compress one response.
#include <zstd.h>

#include <memory>
#include <new>
#include <string>

#include "registry.hpp"

namespace bench {

namespace {

class zstd_context {
 public:
  static constexpr const char* name = "work_zstd";
  static std::string library() { return std::string("zstd ") + ZSTD_versionString(); }

  zstd_context() {
    if (context_ == nullptr) throw std::bad_alloc();
  }

  // ZSTD_compressCCtx() begins a new frame with parameters of its own, but a user may have left the context
  // in the middle of a stream.
  void reset() { ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_and_parameters); }

  std::string_view work(std::size_t input, std::span<char> page) {
    const std::string& body = requests[input].body;
    const std::size_t bytes =
        ZSTD_compressCCtx(context_.get(), page.data(), page.size(), body.data(), body.size(), level);
    return {page.data(), ZSTD_isError(bytes) != 0 ? sizeof(std::uint64_t) : bytes};
  }

  static bool is_right(std::string_view result, std::size_t input) {
    output_page text;
    const std::size_t bytes = ZSTD_decompress(text.data(), text.size(), result.data(), result.size());
    return ZSTD_isError(bytes) == 0 && std::string_view(text.data(), bytes) == requests[input].body;
  }

 private:
  static constexpr int level = 3;
  struct release {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, release> context_{ZSTD_createCCtx()};
};

const expensive_object<zstd_context> entry;

}  // namespace

}  // namespace bench
