// A magazine: a small LIFO of object pointers, in one block aligned to its own size.
//
//   word 0    link     own index, and the index below in a stack or, while loaded, where it began
//   word 1    parked   null while loaded (the lowest sentinel); top, base and running total in a depot
//   word 2..  objects  from base + 1 up to top; the word at `base` is null, the sentinel
//
// A loaded magazine is known by one word, its *top*: a pointer to its newest object. Empty is
// `*top == nullptr`; full is `top + 1` on a block boundary. A smaller capacity is a higher base, so it
// costs the hit path nothing, and a magazine that is full always has its top in the last word.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ebb/detail/atomics.hpp>
#include <ebb/detail/config.hpp>

namespace ebb::detail {

inline constexpr std::size_t magazine_words = 64;
inline constexpr std::size_t magazine_bytes = magazine_words * sizeof(void*);
inline constexpr std::uint32_t lowest_base = 1;
inline constexpr std::uint32_t last_word = magazine_words - 1;
inline constexpr std::uint32_t max_capacity = last_word - lowest_base;  // 62 objects

struct alignas(magazine_bytes) magazine {
  void* word[magazine_words];

  // Words 0 and 1 may be read by a depot's pop or push that lost its race, while the next owner writes
  // them: both sides go through atomics. What such a late reader sees is never used, because its
  // compare-exchange on the versioned head fails.
  [[nodiscard]] atomic_ref<void*> atomic_word(std::size_t i) noexcept { return atomic_ref<void*>{word[i]}; }
  [[nodiscard]] std::uint64_t load(std::size_t i) noexcept {
    return reinterpret_cast<std::uint64_t>(atomic_word(i).load(std::memory_order_relaxed));
  }
  void store(std::size_t i, std::uint64_t value) noexcept {
    atomic_word(i).store(reinterpret_cast<void*>(value), std::memory_order_relaxed);
  }

  // Word 0: {index : 32, index below, or where it began : 32}.
  [[nodiscard]] std::uint32_t index() noexcept { return static_cast<std::uint32_t>(load(0) >> 32); }
  [[nodiscard]] std::uint32_t below() noexcept { return static_cast<std::uint32_t>(load(0)); }
  void set_index(std::uint32_t index) noexcept { store(0, std::uint64_t{index} << 32); }
  void set_below(std::uint32_t below) noexcept { store(0, (load(0) & ~std::uint64_t{0xffffffff}) | below); }

  // All its lines at once, for who is about to take what it holds: another CPU may have filled it, and then
  // they would come one by one, as its objects are taken.
  void prefetch() const noexcept {
    constexpr std::size_t words_of_line = 64 / sizeof(void*);
    for (std::size_t i = 0; i < magazine_words; i += words_of_line) __builtin_prefetch(&word[i]);
  }

  [[nodiscard]] static magazine* of(void** top) noexcept {
    return reinterpret_cast<magazine*>(reinterpret_cast<std::uintptr_t>(top) &
                                       ~std::uintptr_t{magazine_bytes - 1});
  }
  [[nodiscard]] static std::uint32_t word_of(void** top) noexcept {
    return static_cast<std::uint32_t>((reinterpret_cast<std::uintptr_t>(top) / sizeof(void*)) %
                                      magazine_words);
  }
};

static_assert(sizeof(void*) == 8, "the magazine's words pack 64-bit values");
static_assert(sizeof(magazine) == magazine_bytes);

// The magazine of a shard that holds none: all zero, so it is empty and full, and lives in read-only
// memory, so that a section that stored into it by mistake would stop the program.
EBB_API extern const magazine no_magazine;

[[nodiscard]] inline void** no_magazine_top() noexcept {
  return const_cast<void**>(&no_magazine.word[last_word]);
}

// A magazine that this thread owns alone, with what it holds.
struct owned_magazine {
  magazine* block = nullptr;
  std::uint32_t base = lowest_base;  // word of the sentinel
  std::uint32_t top = lowest_base;   // word of the newest object; equals base when empty

  [[nodiscard]] explicit operator bool() const noexcept { return block != nullptr; }
  [[nodiscard]] std::uint32_t count() const noexcept { return top - base; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return last_word - base; }
  [[nodiscard]] void* take() noexcept { return block->word[top--]; }
  // The oldest; its room goes with it.
  [[nodiscard]] void* take_oldest() noexcept {
    void* const object = block->word[++base];
    block->store(base, 0);  // the sentinel
    return object;
  }
  void add(void* object) noexcept { block->word[++top] = object; }

  // An empty magazine for `capacity` objects (1 .. max_capacity).
  [[nodiscard]] static owned_magazine empty(magazine* block, std::uint32_t capacity) noexcept {
    const std::uint32_t base = last_word - capacity;
    block->store(base, 0);  // atomic, because the lowest base is word 1
    return {block, base, base};
  }
  // The same objects with room for `more` (up to max_capacity - capacity()) on top of what it has.
  void widen(std::uint32_t more) noexcept {
    for (std::uint32_t i = base + 1; i <= top; ++i) block->word[i - more] = block->word[i];
    base -= more;
    top -= more;
    block->store(base, 0);  // atomic, because the lowest base is word 1
  }
  // The same objects with no room for more.
  void close_up() noexcept {
    const std::uint32_t up = last_word - top;
    if (up == 0) return;
    for (std::uint32_t i = top; i > base; --i) block->word[i + up] = block->word[i];
    base += up;
    top += up;
    block->store(base, 0);
  }
};

// A magazine as a shard has it loaded. Word 0 keeps where it began: base, and top when it was loaded.
struct loaded_magazine {
  owned_magazine now;
  std::uint32_t top_when_loaded = lowest_base;

  // What `top` stands for; a guess unless the caller owns the magazine.
  [[nodiscard]] static loaded_magazine of(void** top) noexcept {
    if (top == no_magazine_top()) return {};
    magazine* const block = magazine::of(top);
    const std::uint32_t began = block->below();
    return {{block, began & 0xff, magazine::word_of(top)}, began >> 8 & 0xff};
  }
  // Makes a magazine fit to be loaded; the result is for exchange_top().
  [[nodiscard]] static void** top_of(const owned_magazine& m) noexcept {
    m.block->set_below(m.top << 8 | m.base);
    m.block->store(1, 0);
    return &m.block->word[m.top];
  }
  [[nodiscard]] bool is_full() const noexcept { return now.block == nullptr || now.top == last_word; }
  // Pops, and pushes, that must have happened while it was loaded; there may have been more of both.
  [[nodiscard]] std::uint32_t popped() const noexcept {
    return top_when_loaded > now.top ? top_when_loaded - now.top : 0;
  }
  [[nodiscard]] std::uint32_t pushed() const noexcept {
    return now.top > top_when_loaded ? now.top - top_when_loaded : 0;
  }
};

}  // namespace ebb::detail
