#include <ebb/detail/magazine_store.hpp>

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cstdlib>
#include <set>
#include <vector>

#include <support/one_cpu.hpp>

#include "runtime.hpp"

namespace {

using namespace ebb::detail;

struct MagazineStore : testing::Test {
  const ebb::test::on_one_cpu here;  // each shard has a spare magazine of its own
  // As many as there are ids: the store's sections work under the real one.
  const std::uint32_t shards = this_runtime().shards;
  std::vector<std::byte> memory = std::vector<std::byte>((shards + 1) * magazine_store::bytes_per_shard);
  magazine_store store;
  MagazineStore() {
    auto at = reinterpret_cast<std::uintptr_t>(memory.data());
    at = (at + 127) / 128 * 128;
    store.set_shards(reinterpret_cast<void*>(at), shards);
  }
  static std::size_t resident_pages(void* begin, std::size_t pages) {
    std::vector<unsigned char> in_core(pages);
    EXPECT_EQ(::mincore(begin, pages * 4096, in_core.data()), 0);
    std::size_t n = 0;
    for (const unsigned char c : in_core) n += c & 1u;
    return n;
  }
};

TEST_F(MagazineStore, acquires_distinct_aligned_magazines_that_know_their_index) {
  std::set<magazine*> all;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    magazine* const m = store.acquire(i % shards);
    ASSERT_NE(m, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m) % magazine_bytes, 0u);
    EXPECT_EQ(store.at(m->index()), m);
    EXPECT_TRUE(all.insert(m).second);
  }
}

TEST_F(MagazineStore, gives_what_was_released_before_new_memory_whichever_shard_has_it) {
  std::set<magazine*> first;
  for (std::uint32_t i = 0; i < magazine_store::per_page; ++i) first.insert(store.acquire(0));
  std::uint32_t id = 0;
  for (magazine* m : first) store.release(m, id++);
  std::set<magazine*> again;
  for (std::uint32_t i = 0; i < magazine_store::per_page; ++i) again.insert(store.acquire(shards - 1));
  EXPECT_EQ(again, first) << "the page was used up before another one was mapped";
}

TEST_F(MagazineStore, release_ignores_null_and_no_magazine) {
  store.release(nullptr, 0);
  store.release(const_cast<magazine*>(&no_magazine), 0);
  EXPECT_NE(store.acquire(0), &no_magazine);
}

TEST_F(MagazineStore, trim_gives_pages_back_and_loses_no_magazine) {
  constexpr std::uint32_t pages = 400;
  std::vector<magazine*> all;
  for (std::uint32_t i = 0; i < pages * magazine_store::per_page; ++i)
    all.push_back(store.acquire(i % shards));
  magazine* const held = all[1000];
  std::set<std::uintptr_t> page_set;
  for (magazine* m : all) page_set.insert(reinterpret_cast<std::uintptr_t>(m) / 4096 * 4096);
  ASSERT_EQ(page_set.size(), pages);
  const auto resident = [&] {
    std::size_t n = 0;
    for (const std::uintptr_t p : page_set) n += resident_pages(reinterpret_cast<void*>(p), 1);
    return n;
  };
  EXPECT_EQ(resident(), pages);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (all[i] != held) store.release(all[i], i % shards);
  }
  store.trim();
  EXPECT_LE(resident(), 8u + 2u) << "eight are kept, one has a magazine in use, one the spare";
  std::set<magazine*> again{held};
  for (std::size_t i = 1; i < all.size(); ++i) {
    magazine* const m = store.acquire(0);
    EXPECT_EQ(store.at(m->index()), m);
    EXPECT_TRUE(again.insert(m).second) << "handed out twice";
  }
  EXPECT_EQ(again, std::set<magazine*>(all.begin(), all.end())) << "all of them, and no new page";
  store.trim();
}

}  // namespace
