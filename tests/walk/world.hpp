// What the walked functions work on, twice: the real shards and magazines, and a plain description of them
// on which every operation is a few lines of ordinary C++. A case ends with the question whether the first
// looks like the second after some serial order of what happened.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/shard.hpp>

namespace ebb::walk {

using namespace ebb::detail;

inline constexpr int none = -1;
inline constexpr int banks = 2;
inline constexpr int places = 2;  // where the walked operation begins, and where a migration leads
inline constexpr std::uint32_t capacity = 6;
inline constexpr std::uint32_t base = last_word - capacity;

// Magazines 0 to 3 are loaded at first: of bank 0 home and away, of bank 1 home and away. The others are
// private to who loads them.
inline constexpr int magazines = 8;
inline constexpr int first_private = banks * places;

// The fill levels of what is loaded at home.
enum class fill { no_magazine, empty, one, middle, full };

struct contents {
  std::uint32_t count = 0;
  std::array<void*, capacity> object{};
  bool operator==(const contents&) const = default;
};

struct description {
  int local = 0;                                        // the bank
  std::array<std::array<int, places>, banks> loaded{};  // a magazine, or none
  std::array<contents, magazines> magazine{};           // also those that nobody has loaded any more
  std::array<std::uint64_t, places> word{};             // what add and exchange work on
  bool operator==(const description&) const = default;
};

class world {
 public:
  explicit world(std::uint32_t ids);

  // Which ids the two places have in this case.
  void set_ids(std::uint32_t home, std::uint32_t away) noexcept;
  [[nodiscard]] std::uint32_t id_of(int place) const noexcept { return ids_[static_cast<unsigned>(place)]; }
  // none if the id is neither.
  [[nodiscard]] int place_of(std::uint32_t id) const noexcept;

  // As at the beginning of a case.
  const description& reset(fill home, std::uint64_t word) noexcept;
  // What is there now. Null, or what is wrong with it.
  const char* read(description& now) const noexcept;
  // Null, or what is wrong with the shards of other ids and with the rest of the elements.
  [[nodiscard]] const char* check_bystanders() noexcept;

  [[nodiscard]] std::atomic<shard*>& local() noexcept { return local_; }
  [[nodiscard]] shard& at(int bank, std::uint32_t id) noexcept {
    return bank_[static_cast<unsigned>(bank)][id];
  }
  [[nodiscard]] int local_bank() const noexcept {
    return local_.load(std::memory_order_relaxed) == bank_[0] ? 0 : 1;
  }
  void use_bank(int bank) noexcept {
    local_.store(bank_[static_cast<unsigned>(bank)], std::memory_order_relaxed);
  }
  void* const& elements() noexcept { return elements_; }
  static constexpr std::size_t word_offset = 3 * sizeof(std::uint64_t);
  [[nodiscard]] std::uint64_t& word(std::uint32_t id) noexcept;

  // Where pop_n and push_n find their arrays.
  void use_bulk_buffer(void** buffer) noexcept { bulk_buffer_ = buffer; }
  [[nodiscard]] void** bulk_buffer() const noexcept { return bulk_buffer_; }

  // The top that a magazine has when it is loaded with what it holds at first.
  [[nodiscard]] void** first_top(int magazine) noexcept;
  [[nodiscard]] std::uint32_t first_count(int magazine) const noexcept {
    return first_.magazine[static_cast<unsigned>(magazine)].count;
  }
  // Whoever exchanges or unloads a magazine owns it: from now on nobody else may touch it.
  void make_private(void** top) noexcept;
  // Before it is loaded.
  void make_public(int magazine) noexcept { owned_[static_cast<unsigned>(magazine)].is_private = false; }

 private:
  struct owned_copy {
    bool is_private = false;
    std::uint32_t count = 0;
    detail::magazine copy{};
  };

  [[nodiscard]] int magazine_of(void** top) const noexcept;
  const char* read_magazine(int m, std::uint32_t count, contents& out) const noexcept;

  std::uint32_t ids_count_;
  std::array<std::uint32_t, places> ids_{};
  std::vector<shard> shards_;
  std::vector<shard> element_memory_;  // only for its size and alignment
  std::array<shard*, banks> bank_{};
  void* elements_ = nullptr;
  std::atomic<shard*> local_{nullptr};
  std::vector<magazine> block_;
  std::array<owned_copy, magazines> owned_{};
  const char* taken_twice_ = nullptr;
  void** bulk_buffer_ = nullptr;
  description first_;
};

}  // namespace ebb::walk
