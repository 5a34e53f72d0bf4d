// What is fuzzed: functions of bytes, which stop the program when the library breaks a promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace ebb::fuzz {

// Every fuzzer reads its bytes through this; when they are used up it reads zeros, and `empty` ends it.
class input {
 public:
  explicit input(std::span<const std::uint8_t> bytes) noexcept : left_(bytes) {}
  [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
  [[nodiscard]] std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const std::uint8_t b = left_.front();
    left_ = left_.subspan(1);
    return b;
  }
  // 0 .. n - 1
  [[nodiscard]] std::uint32_t below(std::uint32_t n) noexcept { return byte() % n; }

 private:
  std::span<const std::uint8_t> left_;
};

#define EBB_FUZZ_CHECK(condition)                                                              \
  ((condition) ? void()                                                                        \
               : (std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition), \
                  std::fflush(stderr), std::abort()))

struct target {
  std::string_view name;
  void (*run)(std::span<const std::uint8_t> bytes);
};

void pool_ops(std::span<const std::uint8_t> bytes);
void buffer_ops(std::span<const std::uint8_t> bytes);
void cpu_list(std::span<const std::uint8_t> bytes);
void environment(std::span<const std::uint8_t> bytes);

inline constexpr target targets[] = {{"pool_ops", pool_ops},
                                     {"buffer_ops", buffer_ops},
                                     {"cpu_list", cpu_list},
                                     {"environment", environment}};

}  // namespace ebb::fuzz
