// pooled_writer: collects small writes in a pooled buffer on their way to a file descriptor, a socket, or
// any function. Go's bufio.Writer, of which net/http keeps one pool for each of two sizes.
#pragma once

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <ebb/buffer_pool.hpp>
#include <ebb/detail/config.hpp>
#include <ebb/pooled_buffer.hpp>

namespace ebb {

/// Where a pooled_writer writes to. A call writes what it can of the bytes, and returns how many those
/// were; what is missing is offered again, unless it sets the error. An error together with bytes is fine.
/// More than there were (-1, as write(2) returns it) counts as none; none without an error as
/// std::errc::io_error; so does, from then on, an exception, which passes through.
template <class Sink>
concept writer_sink =
    std::is_invocable_r_v<std::size_t, Sink&, std::span<const std::byte>, std::error_code&>;

/// Writes to a file descriptor with write(2), which it neither owns nor closes. Interrupted calls are
/// repeated. A non-blocking descriptor that is full is an error, std::errc::resource_unavailable_try_again:
/// wait until it is writable, then pooled_writer::clear_error() and flush(). A peer that is gone is SIGPIPE
/// unless the program ignores that signal, and then std::errc::broken_pipe.
struct fd_sink {
  int fd = -1;

  std::size_t operator()(std::span<const std::byte> bytes, std::error_code& error) const noexcept {
    for (;;) {
      const ssize_t written = ::write(fd, bytes.data(), bytes.size());
      if (written >= 0) return static_cast<std::size_t>(written);
      if (errno == EINTR) continue;
      error.assign(errno, std::system_category());
      return 0;
    }
  }
};

#if EBB_CHECKED
inline namespace checked {
#endif

/// The pool that the writers of a program share when they are given none: buffers of 2048 and 4096 bytes.
/// Is made by the first call and never destroyed, so that writers may be globals.
/// Returns      always the same pool.
/// Throws       std::bad_alloc, in the first call.
/// Threads      safe from any thread.
/// Unlike Go    one pool with two tiers.             [net/http bufioWriter2kPool, bufioWriter4kPool]
EBB_API inline buffer_pool& writer_buffers() {
  static buffer_pool& pool =
      *new buffer_pool{{.min_bytes = 2048, .max_bytes = 4096, .name = "ebb::writer_buffers"}};
  return pool;
}

/// Collects what is written in a buffer from a pool and passes it on when that is full, or by flush().
/// Takes the buffer at the first write and gives it back as soon as all is passed on, so that an idle
/// connection holds none. Order is kept, and nothing is passed on twice. After the first error every write
/// and flush fails with the same one, until clear_error() or discard(). Must not outlive its pool, nor the
/// destination of its sink. One thread at a time.
///
///     ebb::pooled_writer out{ebb::fd_sink{fd}};
///     fmt::format_to(std::back_inserter(out), "HTTP/1.1 {}\r\n\r\n", 200);
///     out.write(body);   // larger than the buffer: what is left of it goes to the sink without a copy
///     out.flush();
///
/// Who writes by other means than the sink, as with boost::asio::async_write(), passes on pending(), and
/// then calls consume().
template <writer_sink Sink>
class pooled_writer {
 public:
  /// char, and not std::byte, so that std::back_inserter and fmt::format_to write text.
  using value_type = char;

  /// As in Go.
  static constexpr std::size_t default_size = 4096;

  /// A writer with buffers of `size` bytes from a pool; more than that is not used of them.
  /// Throws       std::invalid_argument if the size is 0.
  /// Cost         none: there is no buffer yet.
  pooled_writer(buffer_pool& pool, Sink sink, std::size_t size = default_size)
      : pool_(&pool), size_(size), sink_(std::move(sink)) {
    if (size == 0) {
      throw std::invalid_argument("ebb::pooled_writer: size is 0; valid are 1 and more, \"" + pool.name() +
                                  "\" keeps buffers of up to " +
                                  std::to_string(pool.tier_bytes(pool.tier_count() - 1)));
    }
  }
  /// The same with buffers from writer_buffers().
  explicit pooled_writer(Sink sink, std::size_t size = default_size)
      : pooled_writer(writer_buffers(), std::move(sink), size) {}

  /// Takes over what is pending, and the error. The other one is empty and must not be written to.
  pooled_writer(pooled_writer&& other) noexcept(std::is_nothrow_move_constructible_v<Sink>)
      : pool_(other.pool_),
        size_(other.size_),
        sink_(std::move(other.sink_)),
        buffer_(std::move(other.buffer_)),
        filled_(std::exchange(other.filled_, 0)),
        limit_(std::exchange(other.limit_, 0)),
        error_(std::exchange(other.error_, {})) {}
  pooled_writer& operator=(pooled_writer&&) = delete;

  /// Flushes, unless there was an error, and ignores errors: call flush() before to hear of them.
  ~pooled_writer() {
    if (filled_ == 0 || error_) return;
    try {
      drain();
    } catch (...) {  // nobody to tell
    }
  }

  /// Appends bytes. If they do not fit, fills the buffer and passes it on; what is left then is passed on
  /// without a copy if it is larger than a buffer.
  /// Throws       std::system_error with what the sink reported, now or before; what the sink throws. Part
  ///              of the bytes may have been taken then, which the form with an error_code tells.
  ///              std::bad_alloc when there is no memory for the buffer; none of them was taken then.
  /// Cost         a copy; when it does not fit, the sink.
  /// Unlike Go    short writes are continued.                                      [bufio.Writer.Write]
  EBB_FAST_PATH void write(const void* bytes, std::size_t count) {
    if (!write_if_room(bytes, count)) [[unlikely]] {
      (void)write_slow(static_cast<const std::byte*>(bytes), count);
      throw_error();
    }
  }
  void write(std::string_view text) { write(text.data(), text.size()); }
  void write(std::span<const std::byte> bytes) { write(bytes.data(), bytes.size()); }
  template <detail::byte_range Range>
  void write(const Range& bytes) {
    write(std::ranges::data(bytes), static_cast<std::size_t>(std::ranges::size(bytes)));
  }
  EBB_FAST_PATH void push_back(char c) { write(&c, 1); }
  EBB_FAST_PATH void push_back(std::byte b) { write(&b, 1); }

  /// Appends bytes, and reports what the sink reports in `error`, which is cleared if there is nothing.
  /// Returns      how many of the bytes are pending or passed on: all, if there is no error.
  /// Throws       what the sink throws; std::bad_alloc as above.
  std::size_t write(const void* bytes, std::size_t count, std::error_code& error) {
    if (write_if_room(bytes, count)) [[likely]] {
      error.clear();
      return count;
    }
    const std::size_t taken = write_slow(static_cast<const std::byte*>(bytes), count);
    error = error_;
    return taken;
  }
  std::size_t write(std::string_view text, std::error_code& error) {
    return write(text.data(), text.size(), error);
  }
  std::size_t write(std::span<const std::byte> bytes, std::error_code& error) {
    return write(bytes.data(), bytes.size(), error);
  }
  template <detail::byte_range Range>
  std::size_t write(const Range& bytes, std::error_code& error) {
    return write(std::ranges::data(bytes), static_cast<std::size_t>(std::ranges::size(bytes)), error);
  }

  /// Passes on all that is pending, and gives the buffer back.
  /// Throws       std::system_error with what the sink reported, now or before; what the sink throws. What
  ///              was not passed on stays pending.
  void flush() {
    drain();
    throw_error();
  }
  /// The same; reports what the sink reports in `error`, which is cleared if there is nothing.
  void flush(std::error_code& error) {
    drain();
    error = error_;
  }

  /// Bytes of a buffer.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes that are pending.
  [[nodiscard]] std::size_t buffered() const noexcept { return filled_; }
  /// Bytes that can be written before something is passed on.
  [[nodiscard]] std::size_t available() const noexcept { return size_ - filled_; }

  /// Returns      what is to be passed on next. A write that fits in available() leaves it where it is.
  [[nodiscard]] std::span<const std::byte> pending() const noexcept { return {buffer_.data(), filled_}; }
  /// The first `bytes` of pending(), at most all, are passed on; gives the buffer back if that was all.
  /// Throws       nothing.
  /// Cost         what is left moves to the front.
  void consume(std::size_t bytes) noexcept {
    remove(std::min(bytes, filled_));
    give_back_if_empty();
  }
  /// Forgets what is pending, and the error, and gives the buffer back.
  /// Throws       nothing.
  /// Unlike Go    the sink stays.                                                   [bufio.Writer.Reset]
  void discard() noexcept {
    error_.clear();
    consume(filled_);
  }

  /// Returns      the first error, with which all fails since then.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  /// Forgets the error and keeps what is pending. The rest of a write that failed is not part of that.
  /// Throws       nothing.
  /// Unlike Go    which has no way on from an error that has passed.
  void clear_error() noexcept {
    error_.clear();
    renew_limit();
  }

  [[nodiscard]] Sink& sink() noexcept { return sink_; }
  [[nodiscard]] const Sink& sink() const noexcept { return sink_; }

 private:
  // False also for no bytes at all, which have to fail after an error.
  [[nodiscard]] EBB_FAST_PATH bool write_if_room(const void* bytes, std::size_t count) noexcept {
    if (count - 1 >= limit_ - filled_) [[unlikely]]
      return false;
    put(bytes, count);
    return true;
  }
  EBB_FAST_PATH void put(const void* bytes, std::size_t count) noexcept {
    std::memcpy(buffer_.data() + filled_, bytes, count);
    filled_ += count;
  }

  // Returns how many of the bytes are now in the buffer or with the sink.
  EBB_SLOW_PATH std::size_t write_slow(const std::byte* bytes, std::size_t count) {
    std::size_t taken = 0;
    while (!error_ && count - taken > available()) {
      if (filled_ == 0) {
        send({bytes + taken, count - taken}, taken);
      } else {
        const std::size_t fits = available();
        if (fits != 0) put(bytes + taken, fits);
        taken += fits;
        pass_on();
      }
    }
    if (!error_ && taken < count) {
      if (buffer_.data() == nullptr) buffer_ = pool_->get(size_);  // may throw: nothing was taken yet
      put(bytes + taken, count - taken);
      taken = count;
    }
    give_back_if_empty();
    return taken;
  }

  void drain() {
    if (error_ || filled_ == 0) return;
    pass_on();
    give_back_if_empty();
  }

  // Sends what is pending and keeps the buffer.
  void pass_on() {
    struct progress {  // what was sent must not be sent again, also if the sink throws
      pooled_writer& writer;
      std::size_t sent = 0;
      ~progress() { writer.remove(sent); }
    } done{*this};
    send(pending(), done.sent);
  }

  // Adds to `sent` as it goes.
  void send(std::span<const std::byte> bytes, std::size_t& sent) {
    while (!bytes.empty() && !error_) {
      std::error_code error;
      std::size_t count = 0;
      try {
        count = static_cast<std::size_t>(std::invoke(sink_, bytes, error));
      } catch (...) {
        error_ = std::make_error_code(std::errc::io_error);
        give_back_if_empty();
        throw;
      }
      if (count > bytes.size()) count = 0;  // -1, as from write(2)
      if (count == 0 && !error) error = std::make_error_code(std::errc::io_error);
      error_ = error;
      sent += count;
      bytes = bytes.subspan(count);
    }
  }

  void remove(std::size_t bytes) noexcept {
    filled_ -= bytes;
    if (bytes != 0 && filled_ != 0) std::memmove(buffer_.data(), buffer_.data() + bytes, filled_);
    renew_limit();
  }
  void give_back_if_empty() noexcept {
    if (filled_ == 0) buffer_.reset();
    renew_limit();
  }
  void renew_limit() noexcept { limit_ = error_ || buffer_.data() == nullptr ? filled_ : size_; }
  void throw_error() const {
    if (error_) throw std::system_error(error_, "ebb::pooled_writer");
  }

  buffer_pool* pool_;
  std::size_t size_;
  Sink sink_;
  pooled_buffer buffer_;    // no memory while nothing is pending
  std::size_t filled_ = 0;  // bytes that are pending, from its start
  std::size_t limit_ = 0;   // size_; or filled_, if there is no buffer or an error
  std::error_code error_;   // the first one
};

#if EBB_CHECKED
}  // namespace checked
#endif

}  // namespace ebb
