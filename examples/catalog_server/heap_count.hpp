// Counts every heap allocation of the program, in all pool modes alike.
#pragma once

#include <cstdint>

namespace catalog {

struct heap_numbers {
  std::int64_t allocations =
      0;                        ///< calls of operator new since the program started; zlib's are among them.
  std::int64_t live_bytes = 0;  ///< bytes malloc has set aside for what is allocated now.
};

/// Exact once the threads that allocate are quiet.
[[nodiscard]] heap_numbers heap_now() noexcept;

}  // namespace catalog
