// pooled_buffer: bytes in one piece that grow, whose memory comes from a pool and goes back to it.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <ebb/detail/buffer_home.hpp>
#include <ebb/detail/checks.hpp>

namespace ebb {

namespace detail {

// Frees what malloc() returned `header_bytes` before the data.
struct free_bytes {
  std::uint16_t header_bytes = 0;
  void operator()(std::byte* data) const noexcept { std::free(data - header_bytes); }
};

// For a word or two, two moves that may overlap: less than a call of memcpy(), and most appends are short.
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 warns for a source that is shorter than a word, also where the length is known at run time only.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#endif
EBB_FAST_PATH void copy(std::byte* to, const std::byte* from, std::size_t count) noexcept {
  if (count - 8 <= 8) {
    std::uint64_t first;
    std::uint64_t last;
    std::memcpy(&first, from, 8);
    std::memcpy(&last, from + count - 8, 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + count - 8, &last, 8);
  } else if (count != 0) {
    std::memcpy(to, from, count);
  }
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

template <class Range>
concept byte_range = std::ranges::contiguous_range<const Range> && std::ranges::sized_range<const Range> &&
                         sizeof(std::ranges::range_value_t<const Range>) == 1 &&
                     std::is_trivially_copyable_v<std::ranges::range_value_t<const Range>> &&
                     !std::is_array_v<Range> && !std::convertible_to<const Range&, std::string_view> &&
                     !std::convertible_to<const Range&, std::span<const std::byte>>;

}  // namespace detail

/// Memory that left its pool by pooled_buffer::detach(); freed when it dies. buffer_pool::put() takes it
/// back, and any other memory from malloc() or aligned_alloc().
struct detached_buffer {
  std::unique_ptr<std::byte[], detail::free_bytes> data;
  std::size_t size = 0;      ///< bytes that were in use
  std::size_t capacity = 0;  ///< bytes there are
};

#if EBB_CHECKED
inline namespace checked {
#endif

/// Bytes in one piece that grow, and never initialises what nobody asked for: get one from a buffer_pool
/// or a calibrated_buffer_pool, write into it, and its destructor gives the memory back. Move-only.
/// What was moved from, or reset, is empty and may be used again: it takes new memory from the same pool.
/// Growing invalidates pointers. Must not outlive its pool (checked builds stop the program when the pool
/// dies first). Several threads may use it as they may a std::string: one at a time, or all reading.
///
///     ebb::pooled_buffer page = tiers.get(5000);   // size() == 5000, contents indeterminate
///     page.resize(read(fd, page.data(), page.size()));
///     fmt::format_to(std::back_inserter(page), "{} bytes", page.size());
class pooled_buffer {
 public:
  /// char, and not std::byte, so that std::back_inserter and fmt::format_to write text into it.
  using value_type = char;

  /// A buffer of no pool: empty; growing it throws std::logic_error.
  pooled_buffer() noexcept = default;
  EBB_FAST_PATH pooled_buffer(pooled_buffer&& other) noexcept
      : block_(other.block_), size_(std::exchange(other.size_, 0)) {
    other.forget();
  }
  EBB_FAST_PATH pooled_buffer& operator=(pooled_buffer&& other) noexcept {
    pooled_buffer old(std::move(other));  // also right for itself
    swap(old);
    return *this;
  }
  EBB_FAST_PATH ~pooled_buffer() {
    if (block_.data != nullptr) [[likely]]
      give_back();
  }

  [[nodiscard]] std::byte* data() noexcept { return block_.data; }
  [[nodiscard]] const std::byte* data() const noexcept { return block_.data; }
  /// Bytes in use.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes there are before it has to grow.
  [[nodiscard]] std::size_t capacity() const noexcept { return block_.capacity; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] static constexpr std::size_t max_size() noexcept { return PTRDIFF_MAX; }
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(block_.data), size_};
  }
  [[nodiscard]] operator std::span<std::byte>() noexcept { return {block_.data, size_}; }
  [[nodiscard]] operator std::span<const std::byte>() const noexcept { return {block_.data, size_}; }
  [[nodiscard]] std::byte& operator[](std::size_t i) noexcept { return block_.data[i]; }
  [[nodiscard]] const std::byte& operator[](std::size_t i) const noexcept { return block_.data[i]; }

  /// Makes it `bytes` long. What is added is indeterminate, or zero if the pool says so (scrub::zero).
  /// Throws       std::bad_alloc; std::length_error above max_size(). The buffer is then as it was.
  /// Cost         none, or as reserve().
  void resize(std::size_t bytes) {
    reserve(bytes);
    if (bytes > size_ && block_.home->zeroes) std::memset(block_.data + size_, 0, bytes - size_);
    size_ = bytes;
  }

  /// Makes room for `bytes` in all.
  /// Throws       as resize().
  /// Cost         none if there is room; else another block from the pool, and a copy of what is in use.
  void reserve(std::size_t bytes) {
    if (bytes > block_.capacity) [[unlikely]]
      become(grown(block_.data, block_.capacity, block_.home, size_, bytes));
  }

  /// Appends bytes; a part of this very buffer may be among its arguments. Grows at least twofold.
  /// Throws       as resize().
  EBB_FAST_PATH void append(const void* bytes, std::size_t count) {
    if (count > block_.capacity - size_) [[unlikely]] {
      become(appended(block_, size_, bytes, count));
    } else {
      detail::copy(block_.data + size_, static_cast<const std::byte*>(bytes), count);
    }
    size_ += count;
  }
  void append(std::string_view text) { append(text.data(), text.size()); }
  void append(std::span<const std::byte> bytes) { append(bytes.data(), bytes.size()); }
  template <detail::byte_range Range>
  void append(const Range& bytes) {
    append(std::ranges::data(bytes), static_cast<std::size_t>(std::ranges::size(bytes)));
  }
  void append(char c) { push_back(c); }
  void append(std::byte b) { push_back(b); }
  EBB_FAST_PATH void push_back(char c) { push_back(static_cast<std::byte>(c)); }
  EBB_FAST_PATH void push_back(std::byte b) {
    if (size_ == block_.capacity) [[unlikely]]
      become(grown_by(block_.data, block_.capacity, block_.home, size_, 1));
    block_.data[size_++] = b;
  }

  /// Makes room for `bytes` more behind the end, to be written into and then made contents by commit().
  /// Returns      that room, indeterminate also under scrub::zero; valid until the buffer grows.
  /// Throws       as resize().
  [[nodiscard]] std::span<std::byte> prepare(std::size_t bytes) {
    if (bytes > block_.capacity - size_) {
      become(grown_by(block_.data, block_.capacity, block_.home, size_, bytes));
    }
    return {block_.data + size_, bytes};
  }
  /// Appends the first `bytes` of what prepare() returned; what is above capacity() is ignored.
  void commit(std::size_t bytes) noexcept { size_ += std::min(bytes, block_.capacity - size_); }
  /// Removes the first `bytes`, at most all; the rest moves to the front.
  void consume(std::size_t bytes) noexcept {
    if (bytes < size_) {
      size_ -= bytes;
      std::memmove(block_.data, block_.data + bytes, size_);
    } else {
      size_ = 0;
    }
  }

  /// Forgets the contents and keeps the memory.
  void clear() noexcept { size_ = 0; }

  /// Gives the memory back now. The buffer is empty afterwards, and may grow again.
  EBB_FAST_PATH void reset() noexcept {
    if (block_.data != nullptr) give_back();
    forget();
    size_ = 0;
  }

  /// Takes the memory out of the pool's care for good.
  /// Returns      memory that is freed when it dies, and can be given to buffer_pool::put().
  /// Throws       nothing.
  /// Cost         one relaxed increment.
  [[nodiscard]] detached_buffer detach() && noexcept {
    if (block_.data == nullptr) return {};
    block_.home->owner->let_go(block_.data, block_.home);
    detached_buffer gone{.data = {block_.data, {block_.home->header_bytes}},
                         .size = std::exchange(size_, 0),
                         .capacity = block_.capacity};
    forget();
    return gone;
  }

  void swap(pooled_buffer& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
  }
  friend void swap(pooled_buffer& a, pooled_buffer& b) noexcept { a.swap(b); }

 private:
  friend class buffer_pool;
  friend class calibrated_buffer_pool;
  EBB_FAST_PATH pooled_buffer(std::byte* data, std::size_t capacity, detail::buffer_home* home,
                              std::size_t size) noexcept
      : block_{data, capacity, home}, size_(size) {}

  // Not `block_ = grown(...)`: g++ 12 lets the callee write its result to block_ directly, and block_ must
  // be as it was when the callee throws.
  EBB_FAST_PATH void become(const detail::buffer_block& larger) noexcept { block_ = larger; }

  void forget() noexcept {
    block_.data = nullptr;
    block_.capacity = 0;
  }

  // Straight into the core of its tier, or through the rules of its pool.
  EBB_FAST_PATH void give_back() noexcept {
    if (block_.home->straight) [[likely]] {
      detail::pool_core& core = static_cast<detail::buffer_tier*>(block_.home)->core;
      detail::checks::returns(core, block_.data);
      if (detail::checks::enters(core, block_.data, block_.capacity)) core.put(block_.data);
    } else {
      block_.home->owner->give_back(block_.data, block_.capacity, block_.home, size_);
    }
  }

  // The slow halves take what they need by value and return blocks: a buffer whose address goes nowhere can
  // stay in registers.
  [[nodiscard]] static EBB_SLOW_PATH detail::buffer_block grown(std::byte* data, std::size_t capacity,
                                                                detail::buffer_home* home, std::size_t size,
                                                                std::size_t bytes) {
    if (home == nullptr) {
      throw std::logic_error("ebb::pooled_buffer: a buffer of no pool cannot grow; take one from a pool");
    }
    if (bytes > max_size()) {
      throw std::length_error("ebb::pooled_buffer: " + std::to_string(bytes) +
                              " bytes are asked for; at most " + std::to_string(max_size()) +
                              " are possible");
    }
    return home->owner->grow(data, capacity, home, size, bytes);
  }

  // Twice as much at least, so that appending n bytes one by one copies O(n).
  [[nodiscard]] static EBB_SLOW_PATH detail::buffer_block grown_by(std::byte* data, std::size_t capacity,
                                                                   detail::buffer_home* home,
                                                                   std::size_t size, std::size_t more) {
    const std::size_t sum = more > max_size() - size ? SIZE_MAX : size + more;
    const std::size_t twice = capacity > max_size() / 2 ? max_size() : 2 * capacity;
    return grown(data, capacity, home, size, std::max(sum, twice));
  }

  [[nodiscard]] static EBB_SLOW_PATH detail::buffer_block appended(detail::buffer_block old,
                                                                   std::size_t size, const void* bytes,
                                                                   std::size_t count) {
    // Of this very buffer? Then it moves with it.
    const std::size_t inside =
        reinterpret_cast<std::uintptr_t>(bytes) - reinterpret_cast<std::uintptr_t>(old.data);
    const bool is_own = inside < size;
    const detail::buffer_block larger = grown_by(old.data, old.capacity, old.home, size, count);
    std::memcpy(larger.data + size, is_own ? larger.data + inside : bytes, count);
    return larger;
  }

  detail::buffer_block block_;
  std::size_t size_ = 0;
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
