// A bound on what may be idle, for one pool or for several that share it.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ebb/detail/atomics.hpp>

namespace ebb::detail {

// Counted are parked objects, and the room of loaded magazines whether they are full or not: hits then need
// not count, and the bound holds at every instant.
class alignas(64) idle_budget {
 public:
  // In whatever unit its pools give their objects: 1 for a number of objects, or bytes.
  explicit idle_budget(std::uint64_t limit) noexcept : limit_(limit) {}

  // Room for up to `wanted` objects of `each` units; returns for how many (0: none). All relaxed: the
  // counter bounds a number, and the objects are published by where they are put.
  [[nodiscard]] std::uint32_t reserve(std::uint32_t wanted, std::uint64_t each) noexcept {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    for (;;) {
      const auto granted =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, (limit_ - used) / each));
      if (granted == 0 ||
          used_.compare_exchange_weak(used, used + granted * each, std::memory_order_relaxed)) {
        return granted;
      }
    }
  }
  void give_up(std::uint32_t objects, std::uint64_t each) noexcept {
    used_.fetch_sub(objects * each, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t limit_;
  atomic<std::uint64_t> used_{0};  // at most limit_
};

}  // namespace ebb::detail
