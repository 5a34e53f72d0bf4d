// Threads that come and go: what each leaves behind in a system, and what its coming and going costs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <thread>

#include "harness/json_line.hpp"
#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "resident.hpp"
#include "tasks.hpp"

namespace bench {

// One after another. Returns the seconds that they took.
template <class System>
double churn(System& system, std::uint64_t threads) {
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < threads; ++i) {
    std::thread([&system, i] {
      [[maybe_unused]] const auto scope = enter_thread(system);
      std::array<typename System::item, 10> few;
      for (auto& object : few) {
        object = system.get();
        touch(*object, i);
      }
      for (auto& object : few) system.put(object);
    }).join();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return took.count();
}

template <class System>
int run_task(const churn_task& task) {
  System system;
  (void)churn(system, 100);
  json_line line;
  line.add("rss_before_kib", static_cast<double>(resident_kib()));
  line.add("seconds", churn(system, task.count));
  line.add("rss_after_kib", static_cast<double>(resident_kib()));
  line.print();
  return 0;
}

}  // namespace bench
