// The page /stats, and the samples of the demo's picture.
#pragma once

#include <memory_resource>
#include <ostream>
#include <string>
#include <string_view>

#include "session.hpp"

namespace catalog {

/// Appends what the server counts, as JSON.
void append_statistics(std::pmr::string& out, const services& s);

/// Writes the columns of one sample.
inline constexpr std::string_view sample_columns =
    "rss_kib,idle_objects,requests,allocations,idle_kib,pressure";
void write_sample(std::ostream& out, const services& s);

}  // namespace catalog
