#include <ebb/detail/resource_parts.hpp>
#include <ebb/pool_errc.hpp>

#include <time.h>

#include <string>

namespace ebb {

namespace {

class category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "ebb::resource_pool"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<pool_errc>(code)) {
      case pool_errc::timed_out: return "no resource was free before the deadline";
      case pool_errc::cancelled: return "the wait for a resource was cancelled";
      case pool_errc::closed: return "the pool is closed";
      case pool_errc::too_many_waiters: return "no resource is free, and as many wait as may";
      case pool_errc::not_available: return "no resource is free";
    }
    return "unknown error " + std::to_string(code);
  }
};

}  // namespace

const std::error_category& pool_category() noexcept {
  static const category c;
  return c;
}

namespace detail {

resource_clock::time_point resource_clock::now() noexcept { return std::chrono::steady_clock::now(); }

resource_clock::time_point resource_clock::coarse_now() noexcept {
  ::timespec t{};
  (void)::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
}

void resource_clock::wait_until(condition_variable& wakes, std::unique_lock<mutex>& lock,
                                time_point until) {
  if (until == never) return wakes.wait(lock);
  (void)wakes.wait_until(lock, until);
}

resource_clock& resource_clock::real() noexcept {
  static resource_clock c;
  return c;
}

}  // namespace detail

}  // namespace ebb
