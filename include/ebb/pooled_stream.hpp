// pooled_ostream: a std::ostream whose text goes into a pooled_buffer; std::ostringstream without its
// allocations.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ios>
#include <limits>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/pooled_buffer.hpp>

namespace ebb {

namespace detail {

// A member that is constructed before the bases that come after it.
template <class Member>
struct base_from_member {
  template <class... Arguments>
  EBB_FAST_PATH explicit base_from_member(Arguments&&... arguments)
      : member_(std::forward<Arguments>(arguments)...) {}
  Member member_;
};

// What pooled_ostream writes itself instead of calling into the standard library.
template <class Text>
inline constexpr bool is_stream_text = false;
template <>
inline constexpr bool is_stream_text<char> = true;
template <>
inline constexpr bool is_stream_text<char*> = true;
template <>
inline constexpr bool is_stream_text<const char*> = true;
template <std::size_t N>
inline constexpr bool is_stream_text<char[N]> = true;
template <>
inline constexpr bool is_stream_text<std::string_view> = true;
template <class Allocator>
inline constexpr bool is_stream_text<std::basic_string<char, std::char_traits<char>, Allocator>> = true;

// Those a std::ostream writes as numbers, and signed and unsigned char.
template <class Number>
concept stream_number =
    std::is_arithmetic_v<Number> && !std::same_as<Number, char> && requires(std::ostream & out, Number n) {
  out << n;
};

}  // namespace detail

#if EBB_CHECKED
inline namespace checked {
#endif

/// The std::streambuf of a pooled_ostream: write-only, directly into the memory of a pooled_buffer. Of use
/// by itself with a std::ostream that lives longer than one text. Move-only; what was moved from is empty
/// and may be used again. Must not outlive its pool.
class pooled_streambuf : public std::streambuf {
 public:
  /// Writes into a buffer of a calibrated_buffer_pool.
  /// Throws       std::bad_alloc.
  /// Cost         calibrated_buffer_pool::get().
  EBB_FAST_PATH explicit pooled_streambuf(calibrated_buffer_pool& pool) : buffer_(pool.get()) { start(); }

  /// Writes into a buffer of a buffer_pool with room for `bytes` before it has to grow.
  /// Throws       std::bad_alloc.
  /// Cost         buffer_pool::get().
  EBB_FAST_PATH explicit pooled_streambuf(buffer_pool& pool, std::size_t bytes)
      : buffer_(pool.get(bytes)), first_bytes_(bytes) {
    buffer_.clear();
    start();
  }

  /// Appends to what is in a buffer.
  /// Throws       nothing.
  EBB_FAST_PATH explicit pooled_streambuf(pooled_buffer&& buffer) noexcept : buffer_(std::move(buffer)) {
    start();
  }

  pooled_streambuf(pooled_streambuf&& other) noexcept
      : std::streambuf(other),
        buffer_(std::move(other.buffer_)),
        high_(other.high_),
        first_bytes_(other.first_bytes_) {
    other.start();
  }
  pooled_streambuf& operator=(pooled_streambuf&& other) noexcept {
    pooled_streambuf old(std::move(other));  // also right for itself
    swap(old);
    return *this;
  }
  // The pool learns from the length of the text.
  EBB_FAST_PATH ~pooled_streambuf() override { (void)settle(); }

  void swap(pooled_streambuf& other) noexcept {
    std::streambuf::swap(other);
    buffer_.swap(other.buffer_);
    std::swap(high_, other.high_);
    std::swap(first_bytes_, other.first_bytes_);
  }
  friend void swap(pooled_streambuf& a, pooled_streambuf& b) noexcept { a.swap(b); }

  /// Returns      all that was written; valid until the next write.
  [[nodiscard]] std::string_view view() const noexcept {
    const char* const end = std::max<const char*>(high_, pptr());
    return {begin(), static_cast<std::size_t>(end - begin())};
  }

  /// Takes the text out together with its memory.
  /// Returns      the buffer, which holds what was written. The next write takes another one from the pool.
  /// Throws       nothing.
  [[nodiscard]] pooled_buffer take() noexcept {
    (void)settle();
    pooled_buffer taken = std::move(buffer_);
    start();
    return taken;
  }

  /// Forgets the text and keeps the memory.
  void clear_text() noexcept {
    buffer_.clear();
    start();
  }

  /// Replaces the text, also by a part of itself; the next write overwrites it from its start, as with
  /// std::stringbuf::str().
  /// Throws       std::bad_alloc. There is no text then.
  void str(std::string_view text) {
    clear_text();
    (void)pooled_streambuf::xsputn(text.data(), static_cast<std::streamsize>(text.size()));
    go_to(0);
  }

 protected:
  // Either all of it is written or, with an exception, nothing.
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    // A negative count is too large.
    if (!write_if_room(text, static_cast<std::size_t>(count))) [[unlikely]]
      return write_slow(text, count);
    return count;
  }

  int_type overflow(int_type c = traits_type::eof()) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char one = traits_type::to_char_type(c);
    (void)write_slow(&one, 1);
    return c;
  }

  // Anywhere within the text, and to its end.
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode which) override {
    const auto length = static_cast<off_type>(view().size());
    const off_type base = from == std::ios_base::beg   ? 0
                          : from == std::ios_base::end ? length
                                                       : static_cast<off_type>(pptr() - begin());
    const bool is_inside = offset >= -base && offset <= length - base;  // cannot overflow
    if ((which & std::ios_base::out) == 0 || !is_inside) return pos_type(off_type(-1));
    go_to(static_cast<std::size_t>(base + offset));
    return pos_type(base + offset);
  }

  pos_type seekpos(pos_type position, std::ios_base::openmode which) override {
    return seekoff(off_type(position), std::ios_base::beg, which);
  }

 private:
  friend class pooled_ostream;

  [[nodiscard]] char* begin() const noexcept {
    return const_cast<char*>(buffer_.view().data());  // its own memory
  }
  [[nodiscard]] std::size_t room() const noexcept { return static_cast<std::size_t>(epptr() - pptr()); }

  // False, and nothing is written, without room; and from 2 GiB on, since pbump() takes an int. (setp()
  // would store three pointers instead of one, of which g++ makes a detour through a vector register.)
  [[nodiscard]] EBB_FAST_PATH bool write_if_room(const char* text, std::size_t count) noexcept {
    if (count > room() || count > static_cast<std::size_t>(std::numeric_limits<int>::max())) [[unlikely]]
      return false;
    if (count != 0) std::memmove(pptr(), text, count);  // may be of this very text
    pbump(static_cast<int>(count));
    return true;
  }

  // Where pbase() is does not matter to anybody.
  EBB_FAST_PATH void place(char* next) noexcept { setp(next, begin() + buffer_.capacity()); }
  // At the end of what is in the buffer.
  EBB_FAST_PATH void start() noexcept {
    high_ = begin() + buffer_.size();
    place(high_);
  }
  void go_to(std::size_t position) noexcept {
    high_ = begin() + view().size();
    place(begin() + position);
  }

  // Tells the buffer how long it is. Not resize(), which zeroes what it adds if the pool says so.
  EBB_FAST_PATH std::size_t settle() noexcept {
    const std::size_t length = view().size();
    buffer_.commit(length - buffer_.size());
    return length;
  }

  EBB_SLOW_PATH std::streamsize write_slow(const char* text, std::streamsize count) {
    if (count <= 0) return 0;
    const auto bytes = static_cast<std::size_t>(count);
    // Of this very text? Then it moves with it.
    const std::size_t inside =
        reinterpret_cast<std::uintptr_t>(text) - reinterpret_cast<std::uintptr_t>(begin());
    const bool is_own = inside < view().size();
    make_room(bytes);
    std::memmove(pptr(), is_own ? begin() + inside : text, bytes);
    place(pptr() + bytes);
    return count;
  }

  void make_room(std::size_t bytes) {
    const std::size_t length = settle();
    const auto position = static_cast<std::size_t>(pptr() - begin());
    if (buffer_.data() == nullptr) {  // taken, or moved from
      buffer_.reserve(first_bytes_);
      start();
    }
    // Grows at least twofold.
    if (const std::size_t end = position + bytes; end > length) (void)buffer_.prepare(end - length);
    high_ = begin() + length;
    place(begin() + position);
  }

  pooled_buffer buffer_;         // size() lags behind until settle(), and is never ahead
  char* high_ = nullptr;         // the end of the text, unless pptr() is beyond it
  std::size_t first_bytes_ = 0;  // capacity of the buffer after take(); 0: what the pool thinks best
};

/// A std::ostream that writes into a buffer of a pool. In the place of a std::ostringstream: the same
/// output, no allocation once the pool has buffers of the right size. What cannot be allocated sets badbit,
/// and what was written before stays. May be a local; move-only. Must not outlive its pool.
///
///     ebb::calibrated_buffer_pool out;
///     ebb::pooled_ostream text{out};
///     text << "answer: " << std::setw(4) << 42;
///     send(text.view());
///
/// Unlike std   view() and take() in the place of str(), which copies; take() also moves the memory;
///              there is no openmode.                                             [std::ostringstream]
class pooled_ostream : private detail::base_from_member<pooled_streambuf>, public std::ostream {
  using memory = detail::base_from_member<pooled_streambuf>;

 public:
  /// Writes into a buffer of a calibrated_buffer_pool, which learns from the lengths of the texts.
  /// Throws       std::bad_alloc.
  /// Cost         calibrated_buffer_pool::get(), and what any std::ostream costs: for the most part
  ///              looking up the facets of the global locale.
  explicit pooled_ostream(calibrated_buffer_pool& pool) : memory(pool), std::ostream(&member_) {}

  /// Writes into a buffer of a buffer_pool with room for `bytes` before it has to grow.
  /// Throws       std::bad_alloc.
  /// Cost         buffer_pool::get(), and as above.
  explicit pooled_ostream(buffer_pool& pool, std::size_t bytes)
      : memory(pool, bytes), std::ostream(&member_) {}

  /// Appends to what is in a buffer.
  explicit pooled_ostream(pooled_buffer&& buffer) : memory(std::move(buffer)), std::ostream(&member_) {}

  pooled_ostream(pooled_ostream&& other)
      : memory(std::move(other.member_)), std::ostream(std::move(other)) {
    set_rdbuf(&member_);
  }
  pooled_ostream& operator=(pooled_ostream&& other) {
    std::ostream::operator=(std::move(other));
    member_ = std::move(other.member_);
    return *this;
  }
  ~pooled_ostream() override = default;

  void swap(pooled_ostream& other) {
    std::ostream::swap(other);
    member_.swap(other.member_);
  }
  friend void swap(pooled_ostream& a, pooled_ostream& b) { a.swap(b); }

  /// Returns      all that was written; valid until the next write.
  [[nodiscard]] std::string_view view() const noexcept { return member_.view(); }
  /// Returns      a copy of it.
  [[nodiscard]] std::string str() const { return std::string(view()); }

  /// Replaces the text; the next write overwrites it from its start, as with std::ostringstream::str().
  /// Throws       std::bad_alloc. There is no text then.
  void str(std::string_view text) { member_.str(text); }

  /// Takes the text out together with its memory; formatting and error state stay.
  /// Returns      the buffer, which holds what was written. The stream is empty, and takes another buffer
  ///              from the same pool when it is written to.
  /// Throws       nothing.
  [[nodiscard]] pooled_buffer take() noexcept { return member_.take(); }

  /// Forgets the text and keeps the memory; formatting and error state stay (clear() is for the latter).
  void clear_text() noexcept { member_.clear_text(); }

  /// Returns      its own buffer, whichever std::ios::rdbuf(other) has set.
  [[nodiscard]] pooled_streambuf* rdbuf() const noexcept { return const_cast<pooled_streambuf*>(&member_); }

  /// Writes text, or a number, as any std::ostream does.
  /// Returns      the stream as what it is, so that what follows does not go through std::ostream either.
  /// Cost         text without a width(): a copy, and no call into the standard library.
  template <class Text>
    requires detail::is_stream_text<Text>
  friend pooled_ostream& operator<<(pooled_ostream& out, const Text& text) {
    if constexpr (std::is_pointer_v<Text>) {
      if (text == nullptr) [[unlikely]] {
        static_cast<std::ostream&>(out) << text;
        return out;
      }
    }
    const std::string_view plain = as_view(text);
    if (out.width() != 0 || !out.write_plain(plain.data(), plain.size())) [[unlikely]]
      static_cast<std::ostream&>(out) << text;
    return out;
  }
  friend EBB_FAST_PATH pooled_ostream& operator<<(pooled_ostream& out, detail::stream_number auto number) {
    static_cast<std::ostream&>(out) << number;
    return out;
  }
  /// The same for bytes, without regard to width().
  pooled_ostream& write(const char* text, std::streamsize count) {
    // A negative count is too large.
    if (!write_plain(text, static_cast<std::size_t>(count))) [[unlikely]]
      std::ostream::write(text, count);
    return *this;
  }
  pooled_ostream& put(char c) {
    if (!write_plain(&c, 1)) [[unlikely]]
      std::ostream::put(c);
    return *this;
  }

 private:
  static std::string_view as_view(const char& c) noexcept { return {&c, 1}; }
  static std::string_view as_view(std::string_view text) noexcept { return text; }

  // False, and nothing is written, unless a sentry would have nothing to do, what is written goes to the
  // own buffer, and there is room. (unitbuf would flush it, which is nothing.)
  [[nodiscard]] EBB_FAST_PATH bool write_plain(const char* text, std::size_t count) {
    const bool is_plain = good() && tie() == nullptr && std::ios::rdbuf() == &member_;
    return is_plain && member_.write_if_room(text, count);
  }
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
