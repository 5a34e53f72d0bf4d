#include "command_line.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>

#include "usage_error.hpp"

namespace example {
namespace {

// CLI11 writes some of its messages over several lines; ours are one.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

bool parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return false;
  } catch (const CLI::ParseError& error) {
    throw usage_error(one_line(error.what()) + "; --help lists the options");
  }
  return true;
}

int run(const char* program, void (*body)(int argc, char** argv), int argc, char** argv) {
  try {
    body(argc, argv);
    return 0;
  } catch (const usage_error& error) {
    std::cerr << program << ": " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << program << ": stopped: " << one_line(error.what()) << '\n';
    return 1;
  }
}

}  // namespace example
