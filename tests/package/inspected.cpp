// What a user of the installed inspector writes; needs nothing of Boost.
#include <ebb/inspector.hpp>

#include <iostream>

int main() {
  const ebb::inspector inspector{{.port = 0}};
  std::cout << inspector.url() << '\n';
  return inspector.port() > 0 ? 0 : 1;
}
