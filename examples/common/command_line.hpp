// Parses a command line the way all the examples do.
#pragma once

#include <CLI/CLI.hpp>

namespace example {

/// Returns      false when the text of --help was asked for, and printed.
/// Throws       usage_error that names the value and the valid ones.
[[nodiscard]] bool parse(CLI::App& app, int argc, char** argv);

/// Runs a program: `body` in, exit code out. 2 and one line for a usage_error, 1 and one line for anything
/// else.
int run(const char* program, void (*body)(int argc, char** argv), int argc, char** argv);

}  // namespace example
