// The page /stats.
#pragma once

#include <string>

#include "session.hpp"

namespace catalog {

/// Appends what the server counts, as JSON.
void append_statistics(std::string& out, const services& s);

}  // namespace catalog
