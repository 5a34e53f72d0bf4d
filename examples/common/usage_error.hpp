// What stops a program from starting and the person who started it can mend.
#pragma once

#include <stdexcept>

namespace example {

/// Its what() is one line without a newline; main() prints it and exits with code 2.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace example
