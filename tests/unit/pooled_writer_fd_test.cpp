// pooled_writer onto real file descriptors: fd_sink.
#include <ebb/pooled_writer.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <support/threads.hpp>

namespace {

// The write() at the end of this file fails so often with EINTR before it writes.
thread_local int interruptions = 0;

constexpr bool write_is_ours = !ebb::detail::asan_build && EBB_TSAN == 0;

using ebb::fd_sink;
using ebb::pooled_writer;

class owned_fd {
 public:
  explicit owned_fd(int fd) : fd_(fd) {}
  owned_fd(owned_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~owned_fd() { close(); }
  void close() {
    if (fd_ >= 0) (void)::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// What is written to `in` can be read from `out`. As little room in between as the kernel allows.
struct channel {
  owned_fd out;
  owned_fd in;
};
channel make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  EXPECT_GT(::fcntl(ends[1], F_SETPIPE_SZ, 1), 0);
  return {owned_fd(ends[0]), owned_fd(ends[1])};
}
channel make_socket() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const int least = 1;
  EXPECT_EQ(::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
  return {owned_fd(ends[0]), owned_fd(ends[1])};
}
void never_block(const owned_fd& fd) {
  EXPECT_EQ(::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK), 0);
}

// To the end, or until it would block.
std::string read_all(const owned_fd& fd) {
  std::string all;
  std::array<char, 1000> part;
  for (;;) {
    const ssize_t count = ::read(fd.get(), part.data(), part.size());
    if (count <= 0) return all;
    all.append(part.data(), static_cast<std::size_t>(count));
  }
}

std::string text(std::size_t bytes) {
  std::string s;
  for (std::size_t i = 0; i < bytes; ++i) s.push_back(static_cast<char>('!' + i % 89));
  return s;
}

// Writing to what nobody reads is an error, as in a server.
class PooledWriterOnFd : public testing::Test {
 protected:
  void SetUp() override { before_ = std::signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { (void)std::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int) = nullptr;
};

TEST_F(PooledWriterOnFd, writes_all_to_a_reader_that_is_slower) {
  for (const bool is_socket : {false, true}) {
    channel c = is_socket ? make_socket() : make_pipe();
    const std::string expected = text(1'000'000);
    std::string got;
    std::thread reader([&] { got = read_all(c.out); });
    {
      pooled_writer out{fd_sink{c.in.get()}};
      ebb::test::dice dice{2};
      for (std::size_t at = 0; at < expected.size();) {
        const std::string_view piece = std::string_view(expected).substr(at, dice.roll(9000));
        out.write(piece);
        at += piece.size();
      }
    }
    c.in.close();
    reader.join();
    EXPECT_TRUE(got == expected) << got.size() << " bytes came of " << expected.size();
  }
}

TEST_F(PooledWriterOnFd, goes_on_where_a_full_descriptor_stopped_it) {
  for (const bool is_socket : {false, true}) {
    channel c = is_socket ? make_socket() : make_pipe();
    never_block(c.in);
    never_block(c.out);
    const std::string piece = text(3000);
    std::string taken;
    std::string got;
    pooled_writer out{fd_sink{c.in.get()}, 2048};
    for (int stops = 0; stops < 20;) {
      std::error_code error;
      taken += piece.substr(0, out.write(piece, error));
      if (!error) continue;
      ++stops;
      EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
      out.flush(error);
      EXPECT_EQ(error, std::errc::resource_unavailable_try_again) << "not tried before clear_error()";
      got += read_all(c.out);
      EXPECT_EQ(got.size() + out.buffered(), taken.size());
      out.clear_error();
    }
    out.flush();
    got += read_all(c.out);
    EXPECT_TRUE(got == taken) << got.size() << " bytes came of " << taken.size();
  }
}

TEST_F(PooledWriterOnFd, a_reader_that_is_gone_is_broken_pipe_from_then_on) {
  for (const bool is_socket : {false, true}) {
    channel c = is_socket ? make_socket() : make_pipe();
    c.out.close();
    pooled_writer out{fd_sink{c.in.get()}};
    out.write("pending");
    for (int i = 0; i < 2; ++i) {
      try {
        out.flush();
        ADD_FAILURE() << "no exception";
      } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::broken_pipe);
        EXPECT_EQ(std::string(e.what()), "ebb::pooled_writer: Broken pipe");
      }
    }
    EXPECT_EQ(out.buffered(), 7u);
  }
}

TEST_F(PooledWriterOnFd, a_closed_descriptor_is_an_error_also_for_large_writes) {
  channel c = make_pipe();
  pooled_writer out{fd_sink{c.in.get()}};
  c.in.close();
  std::error_code error;
  EXPECT_EQ(out.write(text(10'000), error), 0u);
  EXPECT_EQ(error, std::errc::bad_file_descriptor);
  EXPECT_EQ(out.write("more", error), 0u);
  EXPECT_EQ(error, std::errc::bad_file_descriptor);
}

TEST_F(PooledWriterOnFd, interrupted_writes_are_repeated) {
  if (!write_is_ours) GTEST_SKIP() << "the sanitizer has its own write()";
  channel c = make_pipe();
  pooled_writer out{fd_sink{c.in.get()}};
  out.write("after three signals");
  interruptions = 3;
  out.flush();
  EXPECT_EQ(interruptions, 0);
  c.in.close();
  EXPECT_EQ(read_all(c.out), "after three signals");
}

}  // namespace

#if !EBB_ASAN && !EBB_TSAN
extern "C" ssize_t write(int fd, const void* bytes, std::size_t count) {
  if (interruptions > 0) {
    --interruptions;
    errno = EINTR;
    return -1;
  }
  return ::syscall(SYS_write, fd, bytes, count);
}
#endif
