// Every test runs with background cycles off: time moves when a test says so.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include <ebb/collector.hpp>
#include <ebb/runtime_info.hpp>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  const ebb::runtime_information info = ebb::runtime_info();
  std::cout << "path: " << to_string(info.path) << " (" << info.reason << "), " << info.shards
            << " shards\n";
  return RUN_ALL_TESTS();
}
