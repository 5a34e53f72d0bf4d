// The object that every system hands out, and the work that every case does with it.
#pragma once

#include <cstdint>

#include "keep.hpp"

namespace bench {

// 1 KiB, and left uninitialised by `new payload`: no system pays for more than its own work.
struct payload {
  std::uint64_t words[128];
};

// How many a thread has made for pools that had none.
inline constinit thread_local std::uint64_t payloads_made = 0;

inline payload* make_payload() {
  ++payloads_made;
  return new payload;
}

// One store, and a use that the compiler cannot see through, as most uses of a borrowed object are.
inline void touch(payload& object, std::uint64_t value) {
  object.words[0] = value;
  keep(&object);
}

}  // namespace bench
