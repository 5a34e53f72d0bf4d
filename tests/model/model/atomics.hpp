// What ebb/detail/atomics.hpp is in a model build: every operation is a step of the checker, which decides
// who goes next and, for a load, which of the stores it may see. No operation has a default order.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include <model/steps.hpp>

namespace ebb::detail {

// Works on plain memory, and has the layout of what it stands for.
template <class T>
class atomic_ref {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  using order = std::memory_order;
  using place = std::source_location;

 public:
  explicit atomic_ref(T& at) noexcept : at_(&at) {}

  [[nodiscard]] T load(order o, place p = place::current()) const noexcept {
    return value(model::load(at_, sizeof(T), o, p));
  }
  void store(T v, order o, place p = place::current()) const noexcept {
    model::store(at_, sizeof(T), bits(v), o, p);
  }
  T exchange(T v, order o, place p = place::current()) const noexcept {
    return value(model::exchange(at_, sizeof(T), bits(v), o, p));
  }
  T fetch_add(T n, order o, place p = place::current()) const noexcept {
    return value(model::fetch_add(at_, sizeof(T), bits(n), o, p));
  }
  T fetch_sub(T n, order o, place p = place::current()) const noexcept {
    return value(model::fetch_add(at_, sizeof(T), 0 - bits(n), o, p));
  }
  bool compare_exchange_strong(T& expected, T desired, order success, order failure,
                               place p = place::current()) const noexcept {
    std::uint64_t seen = bits(expected);
    const bool done = model::compare_exchange(at_, sizeof(T), seen, bits(desired), success, failure, p);
    if (!done) expected = value(seen);
    return done;
  }
  bool compare_exchange_weak(T& expected, T desired, order success, order failure,
                             place p = place::current()) const noexcept {
    return compare_exchange_strong(expected, desired, success, failure, p);
  }
  bool compare_exchange_weak(T& expected, T desired, order both,
                             place p = place::current()) const noexcept {
    return compare_exchange_strong(expected, desired, both, both, p);
  }

 private:
  static std::uint64_t bits(T v) noexcept {
    std::uint64_t b = 0;
    std::memcpy(&b, &v, sizeof v);
    return b;
  }
  static T value(std::uint64_t b) noexcept {
    T v;
    std::memcpy(&v, &b, sizeof v);
    return v;
  }
  T* at_;
};

template <class T>
class alignas(sizeof(T)) atomic {
  using order = std::memory_order;
  using place = std::source_location;

 public:
  // Construction is no atomic operation: the checker sees a plain write, and whoever gets here without
  // knowing of it has a data race.
  constexpr atomic() noexcept : value_() {}
  constexpr atomic(T v) noexcept : value_(v) {}  // NOLINT: implicit, as in the standard library
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard]] T load(order o, place p = place::current()) const noexcept { return self().load(o, p); }
  void store(T v, order o, place p = place::current()) noexcept { self().store(v, o, p); }
  T exchange(T v, order o, place p = place::current()) noexcept { return self().exchange(v, o, p); }
  T fetch_add(T n, order o, place p = place::current()) noexcept { return self().fetch_add(n, o, p); }
  T fetch_sub(T n, order o, place p = place::current()) noexcept { return self().fetch_sub(n, o, p); }
  bool compare_exchange_strong(T& expected, T desired, order success, order failure,
                               place p = place::current()) noexcept {
    return self().compare_exchange_strong(expected, desired, success, failure, p);
  }
  bool compare_exchange_weak(T& expected, T desired, order success, order failure,
                             place p = place::current()) noexcept {
    return self().compare_exchange_strong(expected, desired, success, failure, p);
  }
  bool compare_exchange_strong(T& expected, T desired, order both, place p = place::current()) noexcept {
    return self().compare_exchange_strong(expected, desired, both, both, p);
  }
  bool compare_exchange_weak(T& expected, T desired, order both, place p = place::current()) noexcept {
    return self().compare_exchange_strong(expected, desired, both, both, p);
  }

 private:
  [[nodiscard]] atomic_ref<T> self() const noexcept { return atomic_ref<T>(value_); }
  mutable T value_;
};

}  // namespace ebb::detail
