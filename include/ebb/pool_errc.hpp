// Why a resource could not be had.
#pragma once

#include <system_error>

#include <ebb/detail/config.hpp>

namespace ebb {

/// Why resource_pool::acquire() returned nothing. What options.make throws is thrown as it is.
enum class pool_errc {
  timed_out = 1,     ///< none was free, and none could be opened, before the deadline.
  cancelled,         ///< the caller's stop_token was asked to stop.
  closed,            ///< the pool is closed, or was closed meanwhile.
  too_many_waiters,  ///< none was free, and options.max_waiters wait already.
  not_available,     ///< try_acquire(): none was free without waiting.
};

/// Returns      the category "ebb::resource_pool".
[[nodiscard]] EBB_API const std::error_category& pool_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(pool_errc e) noexcept {
  return {static_cast<int>(e), pool_category()};
}

}  // namespace ebb

template <>
struct std::is_error_code_enum<ebb::pool_errc> : std::true_type {};
