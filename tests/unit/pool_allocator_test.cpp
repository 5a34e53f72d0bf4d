#include <ebb/pool_resource.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <support/counting_resource.hpp>
#include <support/every_container.hpp>
#include <support/one_cpu.hpp>

namespace {

using ebb::pool_allocator;
using ebb::pool_resource;
using ebb::test::counting_resource;

using traits = std::allocator_traits<pool_allocator<int>>;
static_assert(std::is_same_v<traits::rebind_alloc<char>, pool_allocator<char>>);
static_assert(traits::propagate_on_container_copy_assignment::value);
static_assert(traits::propagate_on_container_move_assignment::value);
static_assert(traits::propagate_on_container_swap::value);
static_assert(!traits::is_always_equal::value);
static_assert(std::is_nothrow_default_constructible_v<pool_allocator<int>>);
static_assert(std::is_nothrow_copy_constructible_v<pool_allocator<int>>);
static_assert(std::is_nothrow_constructible_v<pool_allocator<int>, const pool_allocator<char>&>);
static_assert(std::is_convertible_v<pool_resource&, pool_allocator<int>>);
static_assert(noexcept(std::declval<pool_allocator<int>&>().deallocate(nullptr, 1)));

template <class T>
using vector = std::vector<T, pool_allocator<T>>;
using text = std::basic_string<char, std::char_traits<char>, pool_allocator<char>>;
template <class K, class V>
using map = std::map<K, V, std::less<>, pool_allocator<std::pair<const K, V>>>;
static_assert(std::is_nothrow_move_assignable_v<vector<int>> && std::is_nothrow_swappable_v<vector<int>>);

TEST(PoolAllocator, serves_every_standard_container) {
  counting_resource upstream;
  {
    pool_resource memory(&upstream);
    ebb::test::every_container(pool_allocator<std::byte>(memory)).use();
    EXPECT_EQ(memory.stats().in_use(), 0u);
    EXPECT_GT(memory.stats().made, 0u);
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}

TEST(PoolAllocator, uses_the_default_pool_resource_if_given_no_other) {
  EXPECT_EQ(pool_allocator<int>().resource(), &ebb::default_pool_resource());
  EXPECT_EQ(&ebb::default_pool_resource(), &ebb::default_pool_resource());
  EXPECT_EQ(ebb::default_pool_resource().upstream_resource(), std::pmr::new_delete_resource());
  const std::uint64_t before = ebb::default_pool_resource().stats().in_use();
  map<int, int> m;
  m.emplace(1, 2);
  EXPECT_EQ(ebb::default_pool_resource().stats().in_use(), before + 1);
  ebb::test::every_container(pool_allocator<std::byte>()).use();
}

TEST(PoolAllocator, is_equal_to_those_with_the_same_resource_whatever_their_type) {
  pool_resource a;
  pool_resource b;
  EXPECT_TRUE(pool_allocator<int>(a) == pool_allocator<int>(a));
  EXPECT_TRUE(pool_allocator<int>(a) == pool_allocator<char>(a));
  EXPECT_TRUE(pool_allocator<int>(a) != pool_allocator<char>(b));
  const pool_allocator<char> converted = pool_allocator<int>(a);
  EXPECT_EQ(converted.resource(), &a);
}

TEST(PoolAllocator, lends_and_takes_back_memory_for_as_many_objects) {
  const ebb::test::on_one_cpu here;
  counting_resource upstream;
  pool_resource memory(&upstream);
  pool_allocator<std::uint64_t> a(memory);
  std::uint64_t* const nine = a.allocate(9);
  EXPECT_EQ(upstream.last(), (counting_resource::request{80, 16}));
  a.deallocate(nine, 9);
  std::uint64_t* const ten = a.allocate(10);
  EXPECT_EQ(ten, nine);
  a.deallocate(ten, 10);
  std::uint64_t* const none = a.allocate(0);
  ASSERT_NE(none, nullptr);
  a.deallocate(none, 0);
}

TEST(PoolAllocator, throws_bad_array_new_length_when_the_size_is_no_size_t) {
  counting_resource upstream;
  pool_resource memory(&upstream);
  pool_allocator<std::uint64_t> a(memory);
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW((void)a.allocate(most), std::bad_array_new_length);
  EXPECT_THROW((void)a.allocate(most / 8 + 1), std::bad_array_new_length);
  EXPECT_EQ(upstream.allocations(), 0u);
  EXPECT_THROW((void)a.allocate(most / 8), std::bad_alloc);
  EXPECT_EQ(upstream.allocations(), 0u) << "no memory has that many bytes";
  upstream.refuse_from(1);
  try {
    (void)a.allocate(most / 16);
    ADD_FAILURE() << "must not succeed";
  } catch (const std::bad_array_new_length&) {
    ADD_FAILURE() << "the size is a size_t";
  } catch (const std::bad_alloc&) {
    EXPECT_EQ(upstream.last(), (counting_resource::request{most / 16 * 8, 8}));
  }
}

TEST(PoolAllocator, aligns_types_that_ask_for_it) {
  struct alignas(256) wide {
    int value = 7;
  };
  counting_resource upstream;
  pool_resource memory(&upstream);
  std::list<wide, pool_allocator<wide>> nodes(memory);
  for (int i = 0; i < 100; ++i) nodes.emplace_back();
  for (const wide& w : nodes) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&w) % 256, 0u);
    EXPECT_EQ(w.value, 7);
  }
}

// Two resources, and containers that change hands between them.
struct PoolAllocatorOfTwo : testing::Test {
  counting_resource first_upstream;
  counting_resource second_upstream;
  pool_resource first{&first_upstream};
  pool_resource second{&second_upstream};

  template <class Container>
  void expect_it_goes_with_the_elements(const Container& model) {
    const Container mine(model, first);
    Container a(mine);
    EXPECT_EQ(a.get_allocator().resource(), &first) << "a copy uses the resource of the original";
    Container b(second);

    swap(a, b);
    EXPECT_EQ(a.get_allocator().resource(), &second);
    EXPECT_EQ(b.get_allocator().resource(), &first);
    EXPECT_TRUE(a.empty());
    EXPECT_EQ(b, model);

    const auto* const element = &*b.begin();
    a = std::move(b);
    EXPECT_EQ(a.get_allocator().resource(), &first);
    EXPECT_EQ(&*a.begin(), element) << "moved in one piece";
    EXPECT_EQ(a, model);

    Container c(second);
    c = a;
    EXPECT_EQ(c.get_allocator().resource(), &first);
    EXPECT_EQ(c, model);

    Container d(std::move(c));
    EXPECT_EQ(d.get_allocator().resource(), &first);
    EXPECT_EQ(d, model);
    const Container e(std::move(d), second);
    EXPECT_EQ(e.get_allocator().resource(), &second) << "on demand, element by element";
    EXPECT_EQ(e, model);
    b = e;
    EXPECT_EQ(b.get_allocator().resource(), &second);
    EXPECT_EQ(b, model);
  }
  void TearDown() override {
    EXPECT_EQ(first.stats().in_use(), 0u);
    EXPECT_EQ(second.stats().in_use(), 0u);
    EXPECT_GT(first.stats().made, 0u);
    EXPECT_GT(second.stats().made, 0u);
  }
};

TEST_F(PoolAllocatorOfTwo, vectors_take_their_resource_along) {
  expect_it_goes_with_the_elements(vector<int>{1, 2, 3, 4});
}

TEST_F(PoolAllocatorOfTwo, strings_take_their_resource_along) {
  expect_it_goes_with_the_elements(text("a string that is too long to be kept without memory"));
}

TEST_F(PoolAllocatorOfTwo, deques_and_lists_take_their_resource_along) {
  expect_it_goes_with_the_elements(std::deque<int, pool_allocator<int>>{1, 2, 3, 4});
  expect_it_goes_with_the_elements(std::list<int, pool_allocator<int>>{1, 2, 3, 4});
}

TEST_F(PoolAllocatorOfTwo, maps_take_their_resource_along) {
  expect_it_goes_with_the_elements(map<int, text>{{1, "one"}, {2, "two"}});
  std::unordered_map<int, int, std::hash<int>, std::equal_to<>, pool_allocator<std::pair<const int, int>>>
      m;
  for (int i = 0; i < 100; ++i) m.emplace(i, i * i);
  expect_it_goes_with_the_elements(m);
}

TEST(PoolAllocator, serves_shared_pointers_that_another_thread_lets_go) {
  counting_resource upstream;
  {
    pool_resource memory(&upstream);
    auto shared = std::allocate_shared<int>(pool_allocator<int>(memory), 42);
    EXPECT_EQ(memory.stats().in_use(), 1u);
    std::thread([last = std::move(shared)]() mutable {
      EXPECT_EQ(*last, 42);
      last.reset();
    }).join();
    EXPECT_EQ(memory.stats().idle, 1u);
  }
  EXPECT_EQ(upstream.blocks(), 0u);
}

// Destroyed after main(), and after whatever the first use of the default resource has registered to be.
[[noreturn]] void use_until_the_very_end() {
  static std::unique_ptr<map<int, text>> names;
  names = std::make_unique<map<int, text>>();
  for (int i = 0; i < 1000; ++i) names->emplace(i, "a string that is too long to be kept without memory");
  std::exit(names->size() == 1000 ? 0 : 1);
}

TEST(PoolAllocatorDeathTest, containers_with_static_storage_may_use_the_default_pool_resource) {
  EXPECT_EXIT(use_until_the_very_end(), testing::ExitedWithCode(0), "");
}

}  // namespace
