// Objects that can be told apart, and that notice when two users have them at once.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace ebb::test {

// Counts of one test's tokens; a test has one on its stack.
struct census {
  std::atomic<std::int64_t> made{0};
  std::atomic<std::int64_t> destroyed{0};
  [[nodiscard]] std::int64_t alive() const { return made - destroyed; }
};

class token {
 public:
  explicit token(census& c) : census_(&c), id_(c.made.fetch_add(1)) {}
  token(const token&) = delete;
  token& operator=(const token&) = delete;
  ~token() {
    EXPECT_FALSE(owned_.exchange(true)) << "token " << id_ << " destroyed while in use";
    census_->destroyed.fetch_add(1);
  }

  [[nodiscard]] std::int64_t id() const { return id_; }
  // A user has it / is done with it. Two users at once fail the test, in a way that does not need a lock
  // to be seen: the second one finds the flag set. The plain counter is a race for ThreadSanitizer.
  void take() {
    EXPECT_FALSE(owned_.exchange(true, std::memory_order_relaxed)) << "token " << id_ << " taken twice";
    ++uses_;
  }
  void give() {
    ++uses_;
    EXPECT_TRUE(owned_.exchange(false, std::memory_order_relaxed)) << "token " << id_ << " given twice";
  }
  [[nodiscard]] std::int64_t uses() const { return uses_; }

 private:
  census* census_;
  std::int64_t id_;
  std::atomic<bool> owned_{false};
  std::int64_t uses_ = 0;
};

inline auto make_token(census& c) {
  return [&c] { return std::make_unique<token>(c); };
}

}  // namespace ebb::test
