// Objects that notice a second user. They come from a fixed set without locks, so that a thread that stands
// still inside new or delete holds up nobody, and so that a handler may destroy one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "disturb.hpp"

struct census {
  std::atomic<std::uint64_t> made{0};
  std::atomic<std::uint64_t> destroyed{0};
  [[nodiscard]] std::uint64_t alive() const { return made - destroyed; }
};

class token {
 public:
  explicit token(census& c) noexcept : census_(&c) { c.made.fetch_add(1, std::memory_order_relaxed); }
  token(const token&) = delete;
  token& operator=(const token&) = delete;
  ~token() {
    if (place_of(this).owned.load(std::memory_order_relaxed)) disturb::fail("destroyed while in use");
    census_->destroyed.fetch_add(1, std::memory_order_relaxed);
  }

  void take() noexcept {
    place& p = place_of(this);
    if (p.owned.exchange(true, std::memory_order_relaxed)) disturb::fail("one object, two users");
    ++p.uses;  // plain: every count arrives only if the pool orders one user after the other
  }
  void give() noexcept {
    if (!place_of(this).owned.exchange(false, std::memory_order_relaxed)) disturb::fail("given twice");
  }

  static void* operator new(std::size_t) noexcept {
    for (std::size_t tried = 0; tried < set_size; ++tried) {
      place& p = places[next.fetch_add(1, std::memory_order_relaxed) % set_size];
      // Edge between one life of a place and its next.
      if (!p.alive.exchange(true, std::memory_order_acq_rel)) return p.bytes.data();
    }
    disturb::fail("more objects are alive than the settings can make: some were lost");
  }
  static void operator delete(void* object) noexcept {
    place& p = place_of(object);
    if (!p.alive.exchange(false, std::memory_order_acq_rel)) disturb::fail("destroyed twice");
  }

  // Of all tokens so far.
  [[nodiscard]] static std::uint64_t uses() noexcept {
    std::uint64_t sum = 0;
    for (const place& p : places) sum += p.uses;
    return sum;
  }

 private:
  struct place {
    std::array<std::byte, 32> bytes{};  // of the token
    std::uint64_t uses = 0;
    std::atomic<bool> alive{false};
    std::atomic<bool> owned{false};
  };
  static constexpr std::size_t set_size = 1 << 17;
  static std::array<place, set_size> places;
  static inline std::atomic<std::size_t> next{0};

  static place& place_of(void* object) noexcept {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(object) - reinterpret_cast<std::uintptr_t>(&places);
    if (offset >= sizeof places || offset % sizeof(place) != 0) disturb::fail("not an object");
    return places[offset / sizeof(place)];
  }

  census* census_;
};

inline constinit std::array<token::place, token::set_size> token::places{};
