// Waits for something to happen, never for a fixed while.
#pragma once

#include <chrono>
#include <thread>

namespace ebb::test {

// Whether `condition()` came true within 20 s.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace ebb::test
