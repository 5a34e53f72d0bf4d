// Very many pools in one program: a pool for each connection, tenant or type.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "harness/json_line.hpp"
#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "resident.hpp"
#include "tasks.hpp"

namespace bench {

template <class System>
struct pool_in_use {
  System system;
  [[maybe_unused]] decltype(enter_thread(system)) scope = enter_thread(system);

  void use() {
    typename System::item object = system.get();
    touch(*object, 1);
    system.put(object);
  }
};

template <class System>
int run_task(const pools_task& task) {
  constexpr int passes = 10;
  const auto ns_per_pool = [&task](auto work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(task.count);
  };
  std::vector<std::unique_ptr<pool_in_use<System>>> pools(task.count);
  const auto before = static_cast<double>(resident_kib());
  json_line line;
  line.add("make_ns", ns_per_pool([&] {
             for (auto& pool : pools) {
               pool = std::make_unique<pool_in_use<System>>();
               pool->use();
             }
           }));
  const double grown = static_cast<double>(resident_kib()) - before;
  line.add("pair_ns", ns_per_pool([&] {
                        for (int pass = 0; pass < passes; ++pass) {
                          for (auto& pool : pools) pool->use();
                        }
                      }) / passes);
  line.add("rss_per_pool_bytes", grown * 1024 / static_cast<double>(task.count));
  line.add("drop_ns", ns_per_pool([&] { pools.clear(); }));
  line.print();
  return 0;
}

}  // namespace bench
