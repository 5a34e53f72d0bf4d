// A bound on what may be idle, for one pool or for several that share it.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ebb/detail/atomics.hpp>

namespace ebb::detail {

inline constexpr std::uint64_t no_limit = ~std::uint64_t{0};

// How many objects of `each` units one of so many shards may load, up to `most`, where `bound` units may be
// idle. Room of loaded magazines counts as used: so that the shards cannot set all of a small bound aside,
// they load no more than half of it.
constexpr std::uint32_t loadable(std::uint64_t bound, std::uint64_t each, std::uint32_t shards,
                                 std::uint32_t most) noexcept {
  const std::uint64_t part = bound / (2 * each * shards);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(part, std::min(1u, most), most));
}

// Counted are parked objects, and the room of loaded magazines whether they are full or not: hits then need
// not count, and the bound holds at every instant.
//
// Limits change while it is in use. One that is lowered below what is used lets nothing more in until
// enough was given up; whoever lowers it sees to that.
class idle_budget {
 public:
  // In whatever unit its pools give their objects: 1 for a number of objects, or bytes.
  explicit idle_budget(std::uint64_t limit) noexcept : limit_(limit) {}

  // Room for up to `wanted` objects of `each` units; returns for how many (0: none). All relaxed: the
  // counter bounds a number, and the objects are published by where they are put.
  [[nodiscard]] std::uint32_t reserve(std::uint32_t wanted, std::uint64_t each) noexcept {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t limit = this->limit();
      const std::uint64_t room = limit > used ? limit - used : 0;
      const auto granted = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, room / each));
      if (granted == 0 ||
          used_.compare_exchange_weak(used, used + granted * each, std::memory_order_relaxed)) {
        return granted;
      }
    }
  }
  void give_up(std::uint32_t objects, std::uint64_t each) noexcept {
    used_.fetch_sub(objects * each, std::memory_order_relaxed);
  }

  // The tightest of all that bound it, in units.
  [[nodiscard]] std::uint64_t limit() const noexcept {
    return limit_with(
        std::min(max_bytes_.load(std::memory_order_relaxed), share_.load(std::memory_order_relaxed)));
  }
  // The same without its part of the process's budget.
  [[nodiscard]] std::uint64_t own_limit() const noexcept {
    return limit_with(max_bytes_.load(std::memory_order_relaxed));
  }
  // Of `wanted` objects, for how many there would be room with a larger share.
  [[nodiscard]] std::uint32_t own_room(std::uint32_t wanted, std::uint64_t each) const noexcept {
    const std::uint64_t limit = own_limit();
    const std::uint64_t used = this->used();
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(wanted, limit > used ? (limit - used) / each : 0));
  }
  // What was reserved. Below 0, as a number near 2^64, for moments after a bound was introduced (admit()).
  [[nodiscard]] std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept {
    return used() * unit_bytes_.load(std::memory_order_relaxed);
  }
  // What was reserved before anybody counted here.
  void admit(std::uint64_t units) noexcept { used_.fetch_add(units, std::memory_order_relaxed); }

  void set_limit(std::uint64_t units) noexcept { limit_.store(units, std::memory_order_relaxed); }
  void set_max_bytes(std::uint64_t bytes) noexcept { max_bytes_.store(bytes, std::memory_order_relaxed); }
  // What a unit counts in bytes, at least 1.
  void set_unit_bytes(std::uint64_t bytes) noexcept { unit_bytes_.store(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t unit_bytes() const noexcept {
    return unit_bytes_.load(std::memory_order_relaxed);
  }

  // Of what is used: what is doomed, and no longer counts when somebody asks what is over.
  void doom(std::uint32_t objects, std::uint64_t each) noexcept {
    doomed_.fetch_add(objects * each, std::memory_order_relaxed);
  }
  void undoom(std::uint32_t objects, std::uint64_t each) noexcept {
    doomed_.fetch_sub(objects * each, std::memory_order_relaxed);
  }
  // Units that are used, and that nobody has doomed.
  [[nodiscard]] std::uint64_t stays() const noexcept {
    const std::uint64_t units = used() - doomed_.load(std::memory_order_relaxed);
    // What seems to be below 0 is nothing: see used().
    return static_cast<std::int64_t>(units) > 0 ? units : 0;
  }
  // Of these, the units beyond the limit.
  [[nodiscard]] std::uint64_t excess() const noexcept {
    const std::uint64_t units = stays();
    const std::uint64_t limit = this->limit();
    return units > limit ? units - limit : 0;
  }

  // Its part of the process's budget in bytes; no_limit where there is none (src/process_budget.hpp).
  atomic<std::uint64_t>& share() noexcept { return share_; }
  // Bytes that were asked for in vain since the collector looked.
  void refuse(std::uint64_t bytes) noexcept { refused_.fetch_add(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t take_refused() noexcept {
    return refused_.exchange(0, std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::uint64_t limit_with(std::uint64_t bytes) const noexcept {
    const std::uint64_t units = limit_.load(std::memory_order_relaxed);
    if (bytes == no_limit) return units;
    return std::min(units, bytes / unit_bytes_.load(std::memory_order_relaxed));
  }

  // Written by every thread, so apart from the limits, which every thread reads.
  alignas(64) atomic<std::uint64_t> used_{0};
  atomic<std::uint64_t> refused_{0};
  alignas(64) atomic<std::uint64_t> limit_;  // units
  atomic<std::uint64_t> max_bytes_{no_limit};
  atomic<std::uint64_t> share_{no_limit};
  atomic<std::uint64_t> unit_bytes_{1};
  atomic<std::uint64_t> doomed_{0};

 public:
  // Of the process's budget, under the registry's mutex; bytes.
  std::uint64_t demand = 0;
  std::uint64_t owed = 0;  // no longer part of the share, but objects are still there that count for it
  // In which it got its share: process_budget::forget(). Written by whoever gives it one; relaxed.
  atomic<std::uint64_t> era{0};
  bool is_counted = false;
};

}  // namespace ebb::detail
