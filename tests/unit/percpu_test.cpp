// The contract of the critical sections, checked on both implementations with ids that the test makes up:
// sparse, high, and changing between operations.
#include <ebb/detail/percpu/percpu.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "runtime.hpp"

namespace {

using namespace ebb::detail;
using percpu::result;

void* object(std::uintptr_t n) { return reinterpret_cast<void*>(n * 16); }

constexpr std::uint32_t shard_count = 5000;

struct fallback_path {
  static bool available() { return true; }
  static void act_as(std::uint32_t id) { percpu::fallback::place = {id, percpu::fallback::never_look}; }
  static void act_normally() { percpu::fallback::place = {}; }
  static result pop(std::atomic<shard*>& b, void*& out) {
    return percpu::fallback::pop(b, shard_count, out);
  }
  static result push(std::atomic<shard*>& b, void* o) { return percpu::fallback::push(b, shard_count, o); }
  static std::size_t pop_n(std::atomic<shard*>& b, void** out, std::size_t n) {
    return percpu::fallback::pop_n(b, shard_count, out, n);
  }
  static std::size_t push_n(std::atomic<shard*>& b, void* const* in, std::size_t n) {
    return percpu::fallback::push_n(b, shard_count, in, n);
  }
  static result exchange(std::atomic<shard*>& b, void** from, void** to, std::uint32_t& id) {
    return percpu::fallback::exchange_top(b, shard_count, from, to, id);
  }
  static std::uint64_t add(void* elements, std::size_t offset, std::uint64_t n) {
    return percpu::fallback::add(elements, shard_count, offset, n);
  }
  static void* exchange(void* elements, std::size_t offset, void* value) {
    return percpu::fallback::exchange(elements, shard_count, offset, value);
  }
};

// The real sections, armed in the real rseq area, but with the id read from a variable of the test.
thread_local std::uint32_t fake_id = 0;

struct rseq_path {
  static bool available() { return percpu::has_rseq(); }
  static percpu::rseq_layout layout() {
    auto* const self = static_cast<char*>(__builtin_thread_pointer());
    return {percpu::layout.area, reinterpret_cast<char*>(&fake_id) - self};
  }
  static void act_as(std::uint32_t id) { fake_id = id; }
  static void act_normally() {}
  static result pop(std::atomic<shard*>& b, void*& out) { return percpu::arch::pop(layout(), b, out); }
  static result push(std::atomic<shard*>& b, void* o) { return percpu::arch::push(layout(), b, o); }
  static std::size_t pop_n(std::atomic<shard*>& b, void** out, std::size_t n) {
    return percpu::arch::pop_n(layout(), b, out, n);
  }
  static std::size_t push_n(std::atomic<shard*>& b, void* const* in, std::size_t n) {
    return percpu::arch::push_n(layout(), b, in, n);
  }
  static result exchange(std::atomic<shard*>& b, void** from, void** to, std::uint32_t& id) {
    return percpu::arch::exchange_top(layout(), b, from, to, id);
  }
  static std::uint64_t add(void* elements, std::size_t offset, std::uint64_t n) {
    return percpu::arch::add(layout(), elements, offset, n);
  }
  static void* exchange(void* elements, std::size_t offset, void* value) {
    return percpu::arch::exchange(layout(), elements, offset, value);
  }
};

template <class Path>
struct Percpu : testing::Test {
  std::unique_ptr<shard[]> shards = std::make_unique<shard[]>(shard_count);
  std::atomic<shard*> bank{shards.get()};
  std::vector<std::unique_ptr<magazine>> blocks;

  void SetUp() override {
    if (!Path::available()) GTEST_SKIP() << "rseq is not in use: " << this_runtime().reason;
    for (std::uint32_t i = 0; i < shard_count; ++i) shards[i].top = no_magazine_top();
  }
  void TearDown() override { Path::act_normally(); }
  // Loads a magazine of the given capacity and fill; returns its top.
  void** load(std::uint32_t id, std::uint32_t capacity, std::uint32_t fill, std::uintptr_t first = 1) {
    blocks.push_back(std::make_unique<magazine>());
    owned_magazine m = owned_magazine::empty(blocks.back().get(), capacity);
    for (std::uint32_t i = 0; i < fill; ++i) m.add(object(first + i));
    shards[id].top = loaded_magazine::top_of(m);
    return shards[id].top;
  }
};
using paths = testing::Types<fallback_path, rseq_path>;
TYPED_TEST_SUITE(Percpu, paths);

TYPED_TEST(Percpu, without_a_magazine_pop_and_push_are_refused_and_change_nothing) {
  TypeParam::act_as(0);
  void* out = object(77);
  EXPECT_EQ(TypeParam::pop(this->bank, out), result::refused);
  EXPECT_EQ(TypeParam::push(this->bank, object(1)), result::refused);
  EXPECT_EQ(TypeParam::pop_n(this->bank, &out, 1), 0u);
  std::array<void*, 1> in{object(1)};
  EXPECT_EQ(TypeParam::push_n(this->bank, in.data(), 1), 0u);
  EXPECT_EQ(this->shards[0].top, no_magazine_top());
  EXPECT_EQ(out, object(77));
}

TYPED_TEST(Percpu, pushes_to_capacity_and_pops_in_reverse_for_every_capacity) {
  for (std::uint32_t capacity = 1; capacity <= max_capacity; ++capacity) {
    const std::uint32_t id = capacity * 80;
    TypeParam::act_as(id);
    this->load(id, capacity, 0);
    for (std::uint32_t i = 1; i <= capacity; ++i)
      ASSERT_EQ(TypeParam::push(this->bank, object(i)), result::done);
    EXPECT_EQ(TypeParam::push(this->bank, object(999)), result::refused);
    void* out = nullptr;
    for (std::uint32_t i = capacity; i >= 1; --i) {
      ASSERT_EQ(TypeParam::pop(this->bank, out), result::done);
      EXPECT_EQ(out, object(i));
    }
    EXPECT_EQ(TypeParam::pop(this->bank, out), result::refused);
  }
}

TYPED_TEST(Percpu, works_on_the_shard_of_its_id_and_no_other_however_sparse) {
  const std::array<std::uint32_t, 6> ids{0, 1, 63, 64, 4095, shard_count - 1};
  for (const std::uint32_t id : ids) this->load(id, 5, 3, id * 10 + 1);
  for (const std::uint32_t id : ids) {
    TypeParam::act_as(id);
    void* out = nullptr;
    ASSERT_EQ(TypeParam::pop(this->bank, out), result::done);
    EXPECT_EQ(out, object(id * 10 + 3));
  }
  for (const std::uint32_t id : ids) EXPECT_EQ(loaded_magazine::of(this->shards[id].top).now.count(), 2u);
}

TYPED_TEST(Percpu, bulk_takes_what_is_there_and_gives_what_fits) {
  TypeParam::act_as(7);
  this->load(7, 20, 5);
  std::array<void*, 40> out{};
  EXPECT_EQ(TypeParam::pop_n(this->bank, out.data(), 3), 3u);
  EXPECT_EQ(out[0], object(5));
  EXPECT_EQ(out[2], object(3));
  EXPECT_EQ(out[3], nullptr) << "no more than wanted";
  EXPECT_EQ(TypeParam::pop_n(this->bank, out.data(), 40), 2u);
  EXPECT_EQ(out[1], object(1));
  EXPECT_EQ(TypeParam::pop_n(this->bank, out.data(), 40), 0u);
  std::array<void*, 40> in{};
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = object(100 + i);
  EXPECT_EQ(TypeParam::push_n(this->bank, in.data(), 12), 12u);
  EXPECT_EQ(TypeParam::push_n(this->bank, in.data() + 12, 28), 8u);
  EXPECT_EQ(TypeParam::push_n(this->bank, in.data() + 20, 20), 0u);
  EXPECT_EQ(TypeParam::pop_n(this->bank, out.data(), 40), 20u);
  EXPECT_EQ(out[0], object(119));
  EXPECT_EQ(out[19], object(100));
}

TYPED_TEST(Percpu, exchange_happens_only_if_the_shard_is_as_expected) {
  TypeParam::act_as(9);
  void** const first = this->load(9, 4, 2);
  void** const second = this->load(10, 4, 4);
  std::uint32_t id = 1234;
  EXPECT_EQ(TypeParam::exchange(this->bank, first - 1, second, id), result::refused);
  EXPECT_EQ(this->shards[9].top, first);
  EXPECT_EQ(id, 1234u);
  EXPECT_EQ(TypeParam::exchange(this->bank, first, second, id), result::done);
  EXPECT_EQ(this->shards[9].top, second);
  EXPECT_EQ(id, 9u);
}

struct alignas(shard_bytes) element {
  std::uint64_t count[4] = {};
  void* pointer = nullptr;
};

TYPED_TEST(Percpu, adds_to_and_exchanges_the_words_of_its_own_element) {
  const auto elements = std::make_unique<element[]>(shard_count);
  for (const std::uint32_t id : {0u, 7u, 4095u, shard_count - 1}) {
    TypeParam::act_as(id);
    EXPECT_EQ(TypeParam::add(elements.get(), offsetof(element, count[2]), 5), 5u);
    EXPECT_EQ(TypeParam::add(elements.get(), offsetof(element, count[2]), 1'000'000'000'000),
              1'000'000'000'005u);
    EXPECT_EQ(TypeParam::exchange(elements.get(), offsetof(element, pointer), object(id + 1)), nullptr);
    EXPECT_EQ(TypeParam::exchange(elements.get(), offsetof(element, pointer), object(id + 2)),
              object(id + 1));
  }
  for (std::uint32_t id = 0; id < shard_count; ++id) {
    const bool used = id == 0 || id == 7 || id == 4095 || id == shard_count - 1;
    EXPECT_EQ(elements[id].count[2], used ? 1'000'000'000'005u : 0u) << id;
    EXPECT_EQ(elements[id].count[1] + elements[id].count[3], 0u) << id;
    EXPECT_EQ(elements[id].pointer, used ? object(id + 2) : nullptr) << id;
  }
}

TYPED_TEST(Percpu, works_on_the_bank_that_is_local_now) {
  auto other = std::make_unique<shard[]>(shard_count);
  for (std::uint32_t i = 0; i < shard_count; ++i) other[i].top = no_magazine_top();
  TypeParam::act_as(3);
  this->load(3, 4, 2);
  this->bank = other.get();
  void* out = nullptr;
  EXPECT_EQ(TypeParam::pop(this->bank, out), result::refused);
  this->bank = this->shards.get();
  EXPECT_EQ(TypeParam::pop(this->bank, out), result::done);
  EXPECT_EQ(out, object(2));
}

TEST(Fallback, moves_to_the_next_shard_when_its_own_is_taken_and_gives_up_when_all_are) {
  constexpr std::uint32_t few = 3;
  auto shards = std::make_unique<shard[]>(few);
  std::atomic<shard*> bank{shards.get()};
  std::vector<std::unique_ptr<magazine>> blocks;
  for (std::uint32_t i = 0; i < few; ++i) {
    blocks.push_back(std::make_unique<magazine>());
    owned_magazine m = owned_magazine::empty(blocks.back().get(), 4);
    m.add(object(10 + i));
    shards[i].top = loaded_magazine::top_of(m);
  }
  fallback_path::act_as(1);
  shards[1].lock = 1;
  void* out = nullptr;
  EXPECT_EQ(percpu::fallback::pop(bank, few, out), result::done);
  EXPECT_EQ(out, object(12));
  shards[0].lock = shards[2].lock = 1;
  EXPECT_EQ(percpu::fallback::pop(bank, few, out), result::refused);
  EXPECT_EQ(percpu::fallback::push(bank, few, object(1)), result::refused);
  shards[0].lock = 0;
  EXPECT_EQ(percpu::fallback::pop(bank, few, out), result::done);
  EXPECT_EQ(out, object(10));
  fallback_path::act_normally();
}

}  // namespace
