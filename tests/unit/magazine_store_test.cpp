#include <ebb/detail/magazine_store.hpp>

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <cstdlib>
#include <set>
#include <vector>

namespace {

using namespace ebb::detail;

struct MagazineStore : testing::Test {
  static constexpr std::uint32_t shards = 3;
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

TEST_F(MagazineStore, prefers_the_shards_own_and_takes_from_others_before_new_memory) {
  magazine* const a = store.acquire(0);
  magazine* const b = store.acquire(0);
  store.release(a, 1);
  store.release(b, 0);
  EXPECT_EQ(store.acquire(1), a);
  store.release(a, 1);
  std::set<magazine*> seen;
  for (std::uint32_t i = 0; i < magazine_store::per_page; ++i) seen.insert(store.acquire(2));
  EXPECT_EQ(seen.count(a), 1u) << "the page was used up before another one was mapped";
  EXPECT_EQ(seen.count(b), 1u);
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
  EXPECT_LE(resident(), 8u + 1u) << "eight are kept, one has a magazine in use";
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
