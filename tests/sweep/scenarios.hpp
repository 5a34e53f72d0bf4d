// Use of every pool, each piece with checks; see scenario.hpp.
#pragma once

#include <span>

#include "scenario.hpp"

std::span<const scenario> all_scenarios() noexcept;
