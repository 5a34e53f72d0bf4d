#include <ebb/detail/versioned_stack.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {

using ebb::detail::max_stack_index;
using ebb::detail::versioned_stack;

struct linked_stack {
  versioned_stack stack;
  std::vector<std::atomic<std::uint32_t>> links = std::vector<std::atomic<std::uint32_t>>(4096);

  void push(std::uint32_t i) {
    stack.push(i, [&](std::uint32_t below) { links[i].store(below, std::memory_order_relaxed); });
  }
  std::uint32_t pop() {
    return stack.pop([&](std::uint32_t i) { return links[i].load(std::memory_order_relaxed); });
  }
};

TEST(VersionedStack, is_last_in_first_out_and_empty_at_the_end) {
  linked_stack s;
  EXPECT_EQ(s.pop(), 0u);
  for (std::uint32_t i = 1; i <= 100; ++i) s.push(i);
  EXPECT_EQ(s.stack.top(), 100u);
  for (std::uint32_t i = 100; i >= 1; --i) EXPECT_EQ(s.pop(), i);
  EXPECT_EQ(s.pop(), 0u);
  EXPECT_EQ(s.stack.top(), 0u);
}

TEST(VersionedStack, takes_the_highest_index) {
  versioned_stack s;
  std::uint32_t link = 77;
  s.push(max_stack_index, [&](std::uint32_t below) { link = below; });
  EXPECT_EQ(link, 0u);
  EXPECT_EQ(s.pop([&](std::uint32_t) { return link; }), max_stack_index);
}

// The ABA case, by hand: a pop has read head 1 and its link 2; meanwhile 1 and 2 are popped and 1 is pushed
// again. Without a version the pop would make 2, which somebody owns, the head.
TEST(VersionedStack, pop_that_was_overtaken_does_not_install_a_stale_link) {
  linked_stack s;
  s.push(2);
  s.push(1);
  bool overtaken = false;
  const std::uint32_t got = s.stack.pop([&](std::uint32_t i) {
    const std::uint32_t below = s.links[i].load();
    if (!overtaken) {
      overtaken = true;
      EXPECT_EQ(s.pop(), 1u);
      EXPECT_EQ(s.pop(), 2u);
      s.push(1);
    }
    return below;
  });
  EXPECT_EQ(got, 1u);
  EXPECT_EQ(s.pop(), 0u) << "2 is not ours to find";
}

TEST(VersionedStack, each_index_is_owned_by_one_thread_at_a_time) {
  linked_stack s;
  constexpr std::uint32_t elements = 16;
  for (std::uint32_t i = 1; i <= elements; ++i) s.push(i);
  std::vector<std::atomic<int>> owners(elements + 1);
  std::atomic<long> empty{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200'000; ++n) {
        const std::uint32_t i = s.pop();
        if (i == 0) {
          ++empty;
          continue;
        }
        ASSERT_EQ(owners[i].fetch_add(1), 0) << i;
        owners[i].fetch_sub(1);
        s.push(i);
      }
    });
  }
  for (auto& t : threads) t.join();
  std::uint32_t left = 0;
  while (s.pop() != 0) ++left;
  EXPECT_EQ(left, elements);
}

}  // namespace
