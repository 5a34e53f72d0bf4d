#include <ebb/detail/magazine.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace {

using namespace ebb::detail;

void* object(std::uintptr_t n) { return reinterpret_cast<void*>(n * 16); }

TEST(Magazine, no_magazine_is_empty_and_full_at_once) {
  EXPECT_EQ(*no_magazine_top(), nullptr);
  EXPECT_EQ(magazine::word_of(no_magazine_top() + 1), 0u);
  const auto none = loaded_magazine::of(no_magazine_top());
  EXPECT_FALSE(none.now);
  EXPECT_EQ(none.now.count(), 0u);
  EXPECT_TRUE(none.is_full());
}

TEST(Magazine, holds_as_many_objects_as_its_capacity_says) {
  const auto block = std::make_unique<magazine>();
  for (std::uint32_t capacity = 1; capacity <= max_capacity; ++capacity) {
    owned_magazine m = owned_magazine::empty(block.get(), capacity);
    EXPECT_EQ(m.count(), 0u);
    for (std::uint32_t i = 1; i <= capacity; ++i) m.add(object(i));
    EXPECT_EQ(m.count(), capacity);
    EXPECT_EQ(m.top, last_word);
    for (std::uint32_t i = capacity; i >= 1; --i) EXPECT_EQ(m.take(), object(i));
    EXPECT_EQ(block->word[m.base], nullptr) << "the sentinel stands";
  }
}

TEST(Magazine, widen_and_close_up_keep_the_objects_and_their_order) {
  const auto block = std::make_unique<magazine>();
  for (std::uint32_t capacity = 1; capacity <= max_capacity; ++capacity) {
    for (std::uint32_t count = 0; count <= capacity; ++count) {
      owned_magazine m = owned_magazine::empty(block.get(), capacity);
      for (std::uint32_t i = 1; i <= count; ++i) m.add(object(i));
      m.widen(max_capacity - capacity);
      EXPECT_EQ(m.capacity(), max_capacity);
      EXPECT_EQ(m.count(), count);
      m.close_up();
      EXPECT_EQ(m.capacity(), count);
      m.widen(capacity - count);
      EXPECT_EQ(m.capacity(), capacity);
      for (std::uint32_t i = count; i >= 1; --i) ASSERT_EQ(m.take(), object(i));
      EXPECT_EQ(m.count(), 0u);
      EXPECT_EQ(block->word[m.base], nullptr) << "the sentinel stands";
    }
  }
}

TEST(Magazine, top_pointer_says_everything_about_a_loaded_magazine) {
  const auto block = std::make_unique<magazine>();
  block->set_index(0x1234567);
  owned_magazine m = owned_magazine::empty(block.get(), 10);
  m.add(object(1));
  m.add(object(2));
  m.add(object(3));
  void** const top = loaded_magazine::top_of(m);
  auto l = loaded_magazine::of(top);
  EXPECT_EQ(l.now.block, block.get());
  EXPECT_EQ(l.now.count(), 3u);
  EXPECT_FALSE(l.is_full());
  EXPECT_EQ(l.popped() + l.pushed(), 0u);
  l = loaded_magazine::of(top - 2);
  EXPECT_EQ(l.now.count(), 1u);
  EXPECT_EQ(l.popped(), 2u);
  l = loaded_magazine::of(top + 7);
  EXPECT_TRUE(l.is_full());
  EXPECT_EQ(l.now.count(), 10u);
  EXPECT_EQ(l.pushed(), 7u);
  EXPECT_EQ(block->index(), 0x1234567u) << "its index outlives every use of word 0";
}

}  // namespace
