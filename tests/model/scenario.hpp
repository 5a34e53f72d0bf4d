// A scenario registers itself; main.cpp runs those that are asked for, each in a process of its own.
#pragma once

#include "checker.hpp"

namespace ebb::model {

class scenario {
 public:
  scenario(const char* called, void (*function)()) noexcept : name(called), run(function), next(first) {
    first = this;
  }
  const char* const name;
  void (*const run)();
  const scenario* const next;
  inline static const scenario* first = nullptr;
};

}  // namespace ebb::model
