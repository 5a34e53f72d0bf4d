// The page /stats, and the samples of the demo's picture.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace orders {

class router;

/// Returns      what the service and its pools count, as JSON.
[[nodiscard]] std::string statistics(const router& r);

/// Writes the columns of one sample. Connections are those to the database; all but `open_now` only go up.
inline constexpr std::string_view sample_columns =
    "answered,no_free_one,failed,placed,open_now,opened,asked,waited_us";
void write_sample(std::ostream& out, const router& r);

}  // namespace orders
