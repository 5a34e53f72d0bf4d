// A payload from a fixed set, taken and given back without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "harness/payload.hpp"

namespace bench {

struct slot : payload {
  static void* operator new(std::size_t) {
    for (;;) {
      place& p = places[next.fetch_add(1, std::memory_order_relaxed) % count];
      if (!p.taken.exchange(true, std::memory_order_acquire)) return p.bytes;
    }
  }
  static void operator delete(void* object) {
    static_cast<place*>(object)->taken.store(false, std::memory_order_release);
  }

 private:
  struct place {
    alignas(payload) std::byte bytes[sizeof(payload)];
    std::atomic<bool> taken;
  };
  static constexpr std::size_t count = 4096;  // far above what four threads hold and leave idle
  static inline std::array<place, count> places{};
  static inline std::atomic<std::size_t> next{0};
};

}  // namespace bench
