// An upstream that knows every block it has lent, checks that each comes back once and exactly as it was
// asked for, and refuses on demand.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <mutex>
#include <new>

namespace ebb::test {

class counting_resource : public std::pmr::memory_resource {
 public:
  ~counting_resource() override { EXPECT_EQ(blocks_.size(), 0u) << "blocks that nobody gave back"; }

  // The n-th allocation from now on throws std::bad_alloc, and so do all after it; 1 is the next.
  void refuse_from(std::uint64_t n) {
    const std::lock_guard lock(mutex_);
    refuse_from_ = allocations_ + n;
  }
  void refuse_none() {
    const std::lock_guard lock(mutex_);
    refuse_from_ = ~std::uint64_t{0};
  }

  [[nodiscard]] std::size_t blocks() const {
    const std::lock_guard lock(mutex_);
    return blocks_.size();
  }
  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  // Also those that were refused.
  [[nodiscard]] std::uint64_t allocations() const {
    const std::lock_guard lock(mutex_);
    return allocations_;
  }
  struct request {
    std::size_t bytes = 0;
    std::size_t alignment = 0;
    bool operator==(const request&) const = default;
  };
  [[nodiscard]] request last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    last_ = {bytes, alignment};
    if (++allocations_ >= refuse_from_) throw std::bad_alloc();
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    EXPECT_TRUE(blocks_.try_emplace(block, last_).second);
    bytes_ += bytes;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    const std::lock_guard lock(mutex_);
    const auto at = blocks_.find(block);
    ASSERT_NE(at, blocks_.end()) << "a block that is not out";
    EXPECT_EQ(at->second.bytes, bytes);
    EXPECT_EQ(at->second.alignment, alignment);
    bytes_ -= at->second.bytes;
    blocks_.erase(at);
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  mutable std::mutex mutex_;
  std::map<void*, request> blocks_;  // under mutex_, as all that follows
  std::size_t bytes_ = 0;
  std::uint64_t allocations_ = 0;
  std::uint64_t refuse_from_ = ~std::uint64_t{0};
  request last_;
};

}  // namespace ebb::test
