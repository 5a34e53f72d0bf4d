// Threads that are known to wait for a resource.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>

#include <ebb/lease.hpp>
#include <ebb/resource_stats.hpp>
#include <support/eventually.hpp>
#include <support/resources.hpp>

namespace ebb::test {

template <class Pool>
bool comes_to(const Pool& pool, std::size_t resource_stats::*number, std::size_t value) {
  return eventually([&] { return pool.stats().*number == value; });
}

// A thread in acquire(), known to wait.
struct waiting_thread {
  template <class Pool, class Acquire>
  waiting_thread(Pool& pool, Acquire acquire) {
    const std::size_t before = pool.stats().waiters;
    thread = std::thread([this, acquire]() mutable {
      try {
        got = acquire(why);
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    EXPECT_TRUE(comes_to(pool, &resource_stats::waiters, before + 1));
  }
  ~waiting_thread() { join(); }
  void join() {
    if (thread.joinable()) thread.join();
  }
  lease<link> got;
  std::error_code why;
  std::exception_ptr thrown;
  std::thread thread;
};

}  // namespace ebb::test
