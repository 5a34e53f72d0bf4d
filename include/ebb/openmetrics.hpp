// What all pools did and hold, as text for Prometheus and whatever else reads OpenMetrics.
#pragma once

#include <iosfwd>
#include <span>

#include <ebb/detail/config.hpp>
#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>

namespace ebb {

/// Which dialect. They differ in one point: to OpenMetrics the family of the counter `made_total` is
/// `made`, to the older Prometheus format it is `made_total`. No text can give that counter a TYPE in both.
enum class metrics_format {
  portable,     ///< valid as both: counters have HELP, and no TYPE. `promtool check metrics` finds nothing.
  openmetrics,  ///< OpenMetrics 1.0, every family with its TYPE: for who asked for that in `Accept`.
  prometheus,   ///< Prometheus text 0.0.4, every family with its TYPE.
};

/// Returns      the value of Content-Type that belongs to it.
[[nodiscard]] constexpr const char* content_type(metrics_format format) noexcept {
  return format == metrics_format::prometheus
             ? "text/plain; version=0.0.4; charset=utf-8"
             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

/// Writes the metrics of the process and of all_pools(): 21 lines per pool, 51 per resource_pool, of 100 to
/// 200 bytes each. Values of labels are cut after 200 bytes, and what is not UTF-8 in them becomes
/// U+FFFD; the label `id` tells pools apart all the same. docs/openmetrics.md lists them.
/// Throws       std::bad_alloc; what `out` throws. A stream that fails is not written to any further.
/// Threads      safe from any thread, with a stream of one's own.
/// Cost         that of all_pools(), and about 10 us per pool; never slows a hit.
/// Unlike Go    Go's pools cannot be asked.
EBB_API void write_openmetrics(std::ostream& out, metrics_format format = metrics_format::portable);

/// Writes the same of a snapshot taken before: for who serves many readers, or a choice of pools.
/// Throws       std::bad_alloc; what `out` throws. A stream that fails is not written to any further.
/// Threads      safe from any thread, with a stream of one's own.
/// Cost         about 10 us per pool.
EBB_API void write_openmetrics(std::ostream& out, std::span<const pool_info> pools,
                               const runtime_information& process,
                               metrics_format format = metrics_format::portable);

}  // namespace ebb
