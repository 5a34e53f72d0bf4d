// What was not installed when the program was built.
#pragma once

#include <sstream>
#include <string>

#include "json_line.hpp"

namespace bench {

// Prints a line for each part of EBB_MISSING (optional.cmake): pairs of a name and Debian's package.
// `kind` is what the names are, `about` what is otherwise said of them.
inline void print_missing(const char* missing, const char* kind, const char* about) {
  std::istringstream words(missing);
  for (std::string name, package; words >> name >> package;) {
    json_line line;
    line.add(kind, name.c_str());
    line.add(about, "");
    line.add("missing", ("Debian's package is " + package).c_str());
    line.print();
  }
}

}  // namespace bench
