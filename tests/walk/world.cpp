#include "world.hpp"

#include <cstring>
#include <new>

namespace ebb::walk {

namespace {

constexpr std::uint64_t link = 0x1234'5678'9abc'def0;  // word 0 of every magazine; sections never touch it

void* first_object(int magazine, std::uint32_t i) {
  return reinterpret_cast<void*>(std::uintptr_t{0x1000} * static_cast<unsigned>(magazine + 1) + 16 * i);
}

std::uint32_t count_of(fill f) noexcept {
  switch (f) {
    case fill::no_magazine:
    case fill::empty: return 0;
    case fill::one: return 1;
    case fill::middle: return capacity / 2;
    case fill::full: break;
  }
  return capacity;
}

}  // namespace

world::world(std::uint32_t ids)
    : ids_count_(ids), shards_(banks * ids), element_memory_(ids), block_(magazines) {
  bank_ = {&shards_[0], &shards_[ids]};
  elements_ = element_memory_.data();
  for (shard& s : shards_) s.top.store(no_magazine_top(), std::memory_order_relaxed);
  std::memset(elements_, 0, ids * sizeof(shard));
}

void world::set_ids(std::uint32_t home, std::uint32_t away) noexcept {
  for (const std::uint32_t id : ids_) {
    for (int b = 0; b < banks; ++b) at(b, id).top.store(no_magazine_top(), std::memory_order_relaxed);
    word(id) = 0;
  }
  ids_ = {home, away};
}

int world::place_of(std::uint32_t id) const noexcept {
  if (id == ids_[0]) return 0;
  return id == ids_[1] ? 1 : none;
}

std::uint64_t& world::word(std::uint32_t id) noexcept {
  return *reinterpret_cast<std::uint64_t*>(static_cast<std::byte*>(elements_) + id * shard_bytes +
                                           word_offset);
}

void** world::first_top(int m) noexcept {
  const auto i = static_cast<unsigned>(m);
  return &block_[i].word[base + first_.magazine[i].count];
}

const description& world::reset(fill home, std::uint64_t initial_word) noexcept {
  first_ = {};
  taken_twice_ = nullptr;
  use_bank(0);
  for (unsigned m = 0; m < magazines; ++m) {
    contents& c = first_.magazine[m];
    c.count = m == 0 ? count_of(home) : 2 + m % 2;
    std::memset(&block_[m], 0, sizeof block_[m]);
    block_[m].word[0] = reinterpret_cast<void*>(link);
    for (std::uint32_t i = 0; i < c.count; ++i) {
      c.object[i] = block_[m].word[base + 1 + i] = first_object(static_cast<int>(m), i);
    }
    owned_[m].is_private = false;
  }
  for (int b = 0; b < banks; ++b) {
    for (int p = 0; p < places; ++p) {
      const int m = b == 0 && p == 0 && home == fill::no_magazine ? none : b * places + p;
      first_.loaded[static_cast<unsigned>(b)][static_cast<unsigned>(p)] = m;
      at(b, id_of(p)).top.store(m == none ? no_magazine_top() : first_top(m), std::memory_order_relaxed);
    }
  }
  for (int p = 0; p < places; ++p) {
    first_.word[static_cast<unsigned>(p)] = word(id_of(p)) = initial_word + (p == 0 ? 0 : 100);
  }
  for (int m = first_private; m < magazines; ++m) make_private(first_top(m));
  if (home == fill::no_magazine) make_private(first_top(0));
  return first_;
}

int world::magazine_of(void** top) const noexcept {
  const magazine* const block = magazine::of(top);
  for (int m = 0; m < magazines; ++m) {
    if (block == &block_[static_cast<unsigned>(m)]) return m;
  }
  return none;
}

void world::make_private(void** top) noexcept {
  if (top == no_magazine_top()) return;
  const int m = magazine_of(top);
  if (m == none) {
    taken_twice_ = "a shard had a top outside all magazines";
    return;
  }
  owned_copy& o = owned_[static_cast<unsigned>(m)];
  if (o.is_private) taken_twice_ = "a magazine was taken twice";
  o.is_private = true;
  o.count = magazine::word_of(top) - base;
  o.copy = *magazine::of(top);
}

const char* world::read_magazine(int m, std::uint32_t count, contents& out) const noexcept {
  if (count > capacity) return "a top is below the sentinel or above the last word";
  const magazine& block = block_[static_cast<unsigned>(m)];
  if (block.word[0] != reinterpret_cast<void*>(link)) return "the link of a magazine was overwritten";
  for (std::uint32_t i = 1; i <= base; ++i) {
    if (block.word[i] != nullptr) return "a sentinel was overwritten";
  }
  out = {};
  out.count = count;
  for (std::uint32_t i = 0; i < count; ++i) out.object[i] = block.word[base + 1 + i];
  return nullptr;
}

const char* world::read(description& now) const noexcept {
  if (taken_twice_ != nullptr) return taken_twice_;
  std::array<bool, magazines> seen{};
  now.local = local_bank();
  for (unsigned b = 0; b < banks; ++b) {
    for (unsigned p = 0; p < places; ++p) {
      void** const top = bank_[b][ids_[p]].top.load(std::memory_order_relaxed);
      now.loaded[b][p] = none;
      if (top == no_magazine_top()) continue;
      const int m = magazine_of(top);
      if (m == none) return "a top is outside all magazines";
      const auto i = static_cast<unsigned>(m);
      if (owned_[i].is_private) return "a shard has a magazine that was taken away";
      if (seen[i]) return "two shards have the same magazine";
      seen[i] = true;
      now.loaded[b][p] = m;
      if (const char* wrong = read_magazine(m, magazine::word_of(top) - base, now.magazine[i]))
        return wrong;
    }
  }
  for (unsigned m = 0; m < magazines; ++m) {
    if (seen[m]) continue;
    if (!owned_[m].is_private) return "a magazine is lost";
    if (std::memcmp(&owned_[m].copy, &block_[m], sizeof block_[m]) != 0) {
      return "somebody wrote into a magazine that was taken away";
    }
    if (const char* wrong = read_magazine(static_cast<int>(m), owned_[m].count, now.magazine[m]))
      return wrong;
  }
  for (unsigned p = 0; p < places; ++p) {
    now.word[p] = *reinterpret_cast<const std::uint64_t*>(static_cast<const std::byte*>(elements_) +
                                                          ids_[p] * shard_bytes + word_offset);
  }
  return nullptr;
}

const char* world::check_bystanders() noexcept {
  for (std::uint32_t id = 0; id < ids_count_; ++id) {
    const bool used = place_of(id) != none;
    for (int b = 0; b < banks && !used; ++b) {
      if (at(b, id).top.load(std::memory_order_relaxed) != no_magazine_top())
        return "a shard of another id changed";
    }
    const auto* const words = &word(id) - word_offset / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < shard_bytes / sizeof(std::uint64_t); ++i) {
      const bool own = used && i == word_offset / sizeof(std::uint64_t);
      if (!own && words[i] != 0) return "a word of another element, or another word, changed";
    }
  }
  return nullptr;
}

}  // namespace ebb::walk
