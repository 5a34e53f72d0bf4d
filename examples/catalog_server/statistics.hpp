// The page /stats.
#pragma once

#include <memory_resource>
#include <string>

#include "session.hpp"

namespace catalog {

/// Appends what the server counts, as JSON.
void append_statistics(std::pmr::string& out, const services& s);

}  // namespace catalog
