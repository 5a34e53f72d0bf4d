// Allocations, mappings, fences and threads that fail when they are told to. The linker sends what the
// program and the library ask for here (--wrap), and operator new is replaced.
#pragma once

#include <cstddef>
#include <cstdint>

namespace failing {

enum class how {
  once,    // only this one
  onward,  // this one and all after it
};

// The n-th from now on that the calling thread asks for fails; 0: none.
void plan(std::uint64_t n, how) noexcept;
// Whether the plan has come to pass.
[[nodiscard]] bool has_failed() noexcept;

// Only what happens while one of these lives counts, and may fail.
class watch {
 public:
  watch() noexcept;
  ~watch();
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
};

// Blocks of malloc() and operator new that nobody has freed.
[[nodiscard]] std::int64_t blocks() noexcept;
// Bytes that the library has mapped.
[[nodiscard]] std::size_t mapped() noexcept;

}  // namespace failing
