// For programs that use Boost.Asio: reading into a pooled_buffer, and a pooled_writer onto a socket. The
// library itself does not need Boost.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <ebb/pooled_buffer.hpp>

namespace ebb {

/// The sink of a pooled_writer onto an Asio SyncWriteStream (a socket, an ssl::stream, ...), which it
/// refers to and which must outlive it. Sets the errors the stream reports.
///
///     ebb::pooled_writer out{ebb::asio_sink{socket}};
template <class SyncWriteStream>
class asio_sink {
 public:
  explicit asio_sink(SyncWriteStream& stream) noexcept : stream_(&stream) {}

  std::size_t operator()(std::span<const std::byte> bytes, std::error_code& error) const {
    boost::system::error_code reported;
    const std::size_t written =
        stream_->write_some(boost::asio::const_buffer(bytes.data(), bytes.size()), reported);
    if (reported) error = reported;
    return written;
  }

 private:
  SyncWriteStream* stream_;
};

#if EBB_CHECKED
inline namespace checked {
#endif

/// What Asio's read(), read_until(), their asynchronous forms, and Beast write into a pooled_buffer
/// through: both a DynamicBuffer_v1 and a DynamicBuffer_v2. Refers to the buffer, which must outlive it;
/// copies refer to the same. All of the buffer's contents are the input sequence, also what was there
/// before. Unlike boost::asio::dynamic_string_buffer the output sequence is no part of the buffer's
/// contents, and not initialised.
class dynamic_pooled_buffer {
 public:
  using const_buffers_type = boost::asio::const_buffer;
  using mutable_buffers_type = boost::asio::mutable_buffer;

  explicit dynamic_pooled_buffer(pooled_buffer& buffer,
                                 std::size_t max_size = pooled_buffer::max_size()) noexcept
      : buffer_(&buffer), max_size_(max_size) {}

  /// Bytes of contents, at most max_size().
  [[nodiscard]] std::size_t size() const noexcept { return std::min(buffer_->size(), max_size_); }
  [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }
  /// Bytes there are before the buffer has to grow, at most max_size().
  [[nodiscard]] std::size_t capacity() const noexcept { return std::min(buffer_->capacity(), max_size_); }

  /// DynamicBuffer_v1: the contents; valid until the buffer changes.
  [[nodiscard]] const_buffers_type data() const noexcept { return {buffer_->data(), size()}; }
  /// DynamicBuffer_v2: `count` bytes of the contents from `position` on, or as many as there are.
  [[nodiscard]] mutable_buffers_type data(std::size_t position, std::size_t count) noexcept {
    return boost::asio::buffer(mutable_buffers_type(buffer_->data(), size()) + position, count);
  }
  [[nodiscard]] const_buffers_type data(std::size_t position, std::size_t count) const noexcept {
    return boost::asio::buffer(data() + position, count);
  }

  /// DynamicBuffer_v1: room for `count` bytes behind the contents, which become part of them by commit().
  /// Throws       std::length_error above max_size(); std::bad_alloc. The contents are then as they were.
  /// Cost         none if there is room; else the buffer grows at least twofold.
  [[nodiscard]] mutable_buffers_type prepare(std::size_t count) {
    check(count);
    const std::span<std::byte> room = buffer_->prepare(count);
    prepared_ = count;
    return {room.data(), room.size()};
  }
  /// DynamicBuffer_v1: appends the first `count` bytes of what prepare() returned, or all.
  void commit(std::size_t count) noexcept {
    buffer_->commit(std::min(count, prepared_));
    prepared_ = 0;
  }

  /// DynamicBuffer_v2: appends `count` bytes, indeterminate unless the pool zeroes them.
  /// Throws       as prepare().
  /// Cost         as prepare().
  void grow(std::size_t count) {
    check(count);
    (void)buffer_->prepare(count);  // twofold, which resize() would not
    buffer_->resize(buffer_->size() + count);
  }
  /// DynamicBuffer_v2: removes the last `count` bytes, or all.
  void shrink(std::size_t count) { buffer_->resize(size() - std::min(count, size())); }
  /// Removes the first `count` bytes, or all.
  void consume(std::size_t count) noexcept { buffer_->consume(count); }

 private:
  void check(std::size_t more) const {
    if (more > max_size_ - size()) {
      throw std::length_error("ebb::dynamic_pooled_buffer: " + std::to_string(size()) + " and " +
                              std::to_string(more) + " bytes are more than max_size, which is " +
                              std::to_string(max_size_));
    }
  }

  pooled_buffer* buffer_;
  std::size_t max_size_;
  std::size_t prepared_ = 0;  // bytes that may be committed
};

/// Makes a pooled_buffer something Asio can read into, as boost::asio::dynamic_buffer() does for strings.
/// Returns      a reference to the buffer in Asio's terms, through which it holds `max_size` bytes at most:
///              reads end there as Asio says, read_until() with boost::asio::error::not_found.
/// Throws       nothing.
///
///     ebb::pooled_buffer line = tiers.get(0);
///     const std::size_t length = boost::asio::read_until(socket, ebb::dynamic_buffer(line, 8192), '\n');
[[nodiscard]] inline dynamic_pooled_buffer dynamic_buffer(
    pooled_buffer& buffer, std::size_t max_size = pooled_buffer::max_size()) noexcept {
  return dynamic_pooled_buffer(buffer, max_size);
}

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
