#include <ebb/asio_buffer.hpp>

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/pooled_writer.hpp>

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using ebb::buffer_pool;
using ebb::dynamic_buffer;
using ebb::dynamic_pooled_buffer;
using ebb::pooled_buffer;

static_assert(asio::is_dynamic_buffer_v1<dynamic_pooled_buffer>::value);
static_assert(asio::is_dynamic_buffer_v2<dynamic_pooled_buffer>::value);
static_assert(ebb::writer_sink<ebb::asio_sink<asio::ip::tcp::socket>>);

// What programs see that were written for the older requirements.
class v1_only {
 public:
  using const_buffers_type = dynamic_pooled_buffer::const_buffers_type;
  using mutable_buffers_type = dynamic_pooled_buffer::mutable_buffers_type;
  explicit v1_only(pooled_buffer& b, std::size_t max_size = SIZE_MAX) : all_(b, max_size) {}
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] std::size_t max_size() const { return all_.max_size(); }
  [[nodiscard]] std::size_t capacity() const { return all_.capacity(); }
  [[nodiscard]] const_buffers_type data() const { return all_.data(); }
  mutable_buffers_type prepare(std::size_t count) { return all_.prepare(count); }
  void commit(std::size_t count) { all_.commit(count); }
  void consume(std::size_t count) { all_.consume(count); }

 private:
  dynamic_pooled_buffer all_;
};
static_assert(asio::is_dynamic_buffer_v1<v1_only>::value && !asio::is_dynamic_buffer_v2<v1_only>::value);

std::string text(std::size_t bytes) {
  std::string s;
  for (std::size_t i = 0; i < bytes; ++i) s.push_back(static_cast<char>('!' + i % 89));
  return s;
}
std::string_view text_of(asio::const_buffer b) { return {static_cast<const char*>(b.data()), b.size()}; }

// Tests run on both kinds of socket.
struct local_pair {
  using socket = asio::local::stream_protocol::socket;
  asio::io_context context = {};
  socket here{context};
  socket there{context};
  local_pair() { asio::local::connect_pair(here, there); }
};
struct tcp_pair {
  using socket = asio::ip::tcp::socket;
  asio::io_context context = {};
  socket here{context};
  socket there{context};
  tcp_pair() {
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    here.connect(acceptor.local_endpoint());
    acceptor.accept(there);
  }
};
template <class Pair>
class AsioBuffer : public testing::Test {
 protected:
  // Sends it on a thread of its own, since it may not fit into the kernel's buffers, and then no more.
  template <class Use>
  void while_sending(const std::string& what, Use use) {
    std::thread sender([&] {
      error_code ignored;  // the reader may have enough
      (void)asio::write(pair_.there, asio::buffer(what), ignored);
      (void)pair_.there.shutdown(asio::socket_base::shutdown_send, ignored);
    });
    use();
    error_code ignored;
    (void)pair_.here.close(ignored);  // or the sender of what was not read would wait for ever
    sender.join();
  }

  Pair pair_;
  buffer_pool tiers_{{.min_bytes = 64, .max_bytes = 16'384}};
  ebb::calibrated_buffer_pool calibrated_;
};
using pairs = testing::Types<local_pair, tcp_pair>;
TYPED_TEST_SUITE(AsioBuffer, pairs);

TYPED_TEST(AsioBuffer, read_takes_all_to_the_end_and_keeps_what_was_there) {
  const std::string sent = text(300'000);
  this->while_sending(sent, [&] {
    pooled_buffer all = this->tiers_.get(0);
    all.append("before ");
    error_code error;
    EXPECT_EQ(asio::read(this->pair_.here, dynamic_buffer(all), error), sent.size());
    EXPECT_EQ(error, asio::error::eof);
    EXPECT_TRUE(all.view() == "before " + sent) << all.size();
  });
}

TYPED_TEST(AsioBuffer, read_takes_exactly_what_it_is_told) {
  this->while_sending(text(5000), [&] {
    pooled_buffer part = this->calibrated_.get();
    EXPECT_EQ(asio::read(this->pair_.here, dynamic_buffer(part), asio::transfer_exactly(2000)), 2000u);
    EXPECT_TRUE(part.view() == text(5000).substr(0, 2000));
    EXPECT_EQ(asio::read(this->pair_.here, v1_only(part), asio::transfer_exactly(3000)), 3000u);
    EXPECT_TRUE(part.view() == text(5000));
  });
}

// What comes after a line stays for the next one.
void expect_lines(pooled_buffer& input, const std::vector<std::string>& lines, auto until) {
  for (const std::string& line : lines) {
    const std::size_t length = until();
    ASSERT_EQ(length, line.size());
    ASSERT_TRUE(input.view().substr(0, length) == line);
    input.consume(length);
  }
}

// Lines of many lengths, and all of them together.
std::pair<std::vector<std::string>, std::string> many_lines(const std::string& end) {
  std::pair<std::vector<std::string>, std::string> all;
  for (const std::size_t length : {0u, 1u, 63u, 64u, 65u, 5000u, 40'000u, 3u}) {
    all.first.push_back(text(length) + end);
    all.second += all.first.back();
  }
  return all;
}

TYPED_TEST(AsioBuffer, read_until_finds_lines_that_outgrow_the_tiers) {
  const auto [lines, sent] = many_lines("\r\n");
  this->while_sending(sent + sent, [&, &lines = lines] {
    pooled_buffer input = this->tiers_.get(0);
    for (int round = 0; round < 2; ++round) {
      expect_lines(input, lines,
                   [&] { return asio::read_until(this->pair_.here, dynamic_buffer(input), "\r\n"); });
      if (this->HasFatalFailure()) return;
    }
    EXPECT_EQ(input.view(), "");
  });
}

TYPED_TEST(AsioBuffer, async_read_until_finds_them_too) {
  const auto [lines, sent] = many_lines("~");
  this->while_sending(sent, [&, &lines = lines] {
    pooled_buffer input = this->calibrated_.get();
    expect_lines(input, lines, [&] {
      std::size_t found = 0;
      asio::async_read_until(this->pair_.here, dynamic_buffer(input), '~',
                             [&](error_code error, std::size_t length) {
                               EXPECT_FALSE(error) << error.message();
                               found = length;
                             });
      this->pair_.context.restart();
      this->pair_.context.run();
      return found;
    });
    EXPECT_EQ(input.view(), "");
  });
}

TYPED_TEST(AsioBuffer, async_read_takes_all_to_the_end) {
  const std::string sent = text(300'000);
  this->while_sending(sent, [&] {
    pooled_buffer all = this->tiers_.get(0);
    std::size_t calls = 0;
    asio::async_read(this->pair_.here, dynamic_buffer(all), [&](error_code error, std::size_t bytes) {
      ++calls;
      EXPECT_EQ(error, asio::error::eof);
      EXPECT_EQ(bytes, sent.size());
    });
    this->pair_.context.run();
    EXPECT_EQ(calls, 1u);
    EXPECT_TRUE(all.view() == sent) << all.size();
  });
}

TYPED_TEST(AsioBuffer, serves_what_only_knows_the_older_requirements) {
  const std::string sent = text(88) + "\n" + text(100'000);
  this->while_sending(sent, [&] {
    pooled_buffer input = this->tiers_.get(0);
    EXPECT_EQ(asio::read_until(this->pair_.here, v1_only(input), '\n'), 89u);
    std::size_t bytes = input.size();
    asio::async_read(this->pair_.here, v1_only(input), [&](error_code error, std::size_t more) {
      EXPECT_EQ(error, asio::error::eof);
      bytes += more;
    });
    this->pair_.context.run();
    EXPECT_EQ(bytes, sent.size());
    EXPECT_TRUE(input.view() == sent);
  });
}

TYPED_TEST(AsioBuffer, read_until_without_a_match_within_max_size_is_not_found) {
  this->while_sending(text(5000) + "\n", [&] {
    pooled_buffer line = this->tiers_.get(0);
    error_code error;
    EXPECT_EQ(asio::read_until(this->pair_.here, dynamic_buffer(line, 1000), '\n', error), 0u);
    EXPECT_EQ(error, asio::error::not_found);
    EXPECT_TRUE(line.view() == text(1000)) << "and what was read is there";
    EXPECT_LE(line.capacity(), 1024u);

    asio::async_read_until(this->pair_.here, dynamic_buffer(line, 1500), '\n',
                           [&](error_code e, std::size_t) { error = e; });
    error = {};
    this->pair_.context.run();
    EXPECT_EQ(error, asio::error::not_found);
    EXPECT_TRUE(line.view() == text(1500));

    EXPECT_EQ(asio::read_until(this->pair_.here, v1_only(line, 2000), '\n', error), 0u);
    EXPECT_EQ(error, asio::error::not_found);
    EXPECT_TRUE(line.view() == text(2000));
    EXPECT_EQ(asio::read_until(this->pair_.here, dynamic_buffer(line, 5001), '\n'), 5001u);
  });
}

TYPED_TEST(AsioBuffer, read_ends_when_max_size_is_reached) {
  this->while_sending(text(5000), [&] {
    pooled_buffer part = this->tiers_.get(0);
    EXPECT_EQ(asio::read(this->pair_.here, dynamic_buffer(part, 700)), 700u);
    EXPECT_TRUE(part.view() == text(700));
    EXPECT_EQ(asio::read(this->pair_.here, dynamic_buffer(part, 700)), 0u);
  });
}

TYPED_TEST(AsioBuffer, a_writer_onto_the_socket_sends_every_byte) {
  std::string got;
  std::thread reader([&] {
    error_code error;
    (void)asio::read(this->pair_.there, asio::dynamic_buffer(got), error);
    EXPECT_EQ(error, asio::error::eof);
  });
  std::string expected;
  {
    ebb::pooled_writer out{this->tiers_, ebb::asio_sink{this->pair_.here}, 2048};
    for (std::size_t i = 0; i < 300; ++i) {
      const std::string piece = text(i * 37 % 5000);
      out.write(piece);
      expected += piece;
    }
  }
  this->pair_.here.shutdown(asio::socket_base::shutdown_send);
  reader.join();
  EXPECT_TRUE(got == expected) << got.size() << " bytes came of " << expected.size();
}

TYPED_TEST(AsioBuffer, a_writer_goes_on_where_a_full_socket_stopped_it) {
  this->pair_.here.non_blocking(true);
  ebb::pooled_writer out{this->tiers_, ebb::asio_sink{this->pair_.here}, 2048};
  const std::string piece = text(50'000);
  std::string taken;
  std::string got;
  std::array<char, 1000> part;
  for (int stops = 0; stops < 20;) {
    std::error_code error;
    taken += piece.substr(0, out.write(piece, error));
    if (!error) continue;
    ++stops;
    EXPECT_EQ(error, std::errc::resource_unavailable_try_again);
    got.append(part.data(), asio::read(this->pair_.there, asio::buffer(part)));
    out.clear_error();
  }
  this->pair_.here.non_blocking(false);
  std::thread reader([&] {
    error_code error;
    (void)asio::read(this->pair_.there, asio::dynamic_buffer(got), error);
    EXPECT_EQ(error, asio::error::eof);
  });
  out.flush();
  this->pair_.here.shutdown(asio::socket_base::shutdown_send);
  reader.join();
  EXPECT_TRUE(got == taken) << got.size() << " bytes came of " << taken.size();
}

TYPED_TEST(AsioBuffer, what_a_writer_holds_can_be_written_asynchronously) {
  ebb::pooled_writer out{this->tiers_, ebb::asio_sink{this->pair_.here}, 4096};
  out.write("first, ");
  const auto pending = out.pending();
  asio::async_write(this->pair_.here, asio::buffer(pending.data(), pending.size()),
                    [&](error_code error, std::size_t bytes) {
                      EXPECT_FALSE(error);
                      out.consume(bytes);
                    });
  out.write("second");  // meanwhile
  this->pair_.context.run();
  EXPECT_EQ(out.buffered(), 6u);
  out.flush();
  EXPECT_EQ(this->tiers_.stats().idle, 1u);
  std::string got(13, ' ');
  (void)asio::read(this->pair_.there, asio::buffer(got));
  EXPECT_EQ(got, "first, second");
}

TYPED_TEST(AsioBuffer, a_writer_reports_the_errors_of_the_socket_as_std_error_codes) {
  ebb::pooled_writer out{this->tiers_, ebb::asio_sink{this->pair_.here}};
  this->pair_.here.shutdown(asio::socket_base::shutdown_send);
  out.write("too late");
  for (int i = 0; i < 2; ++i) {
    std::error_code error;
    out.flush(error);
    EXPECT_EQ(error, std::errc::broken_pipe) << error.message();
  }
  out.clear_error();
  this->pair_.here.close();
  EXPECT_THROW(out.flush(), std::system_error);
  EXPECT_EQ(out.error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(out.buffered(), 8u);
}

TEST(DynamicPooledBuffer, sizes_are_those_of_the_buffer_up_to_max_size) {
  buffer_pool tiers{{.min_bytes = 64}};
  pooled_buffer b = tiers.get(40);
  const dynamic_pooled_buffer all = dynamic_buffer(b);
  EXPECT_EQ(all.size(), 40u);
  EXPECT_EQ(all.capacity(), 64u);
  EXPECT_EQ(all.max_size(), pooled_buffer::max_size());
  const dynamic_pooled_buffer some = dynamic_buffer(b, 30);
  EXPECT_EQ(some.size(), 30u);
  EXPECT_EQ(some.capacity(), 30u);
  EXPECT_EQ(some.max_size(), 30u);
  EXPECT_EQ(some.data().size(), 30u);
}

TEST(DynamicPooledBuffer, data_is_a_part_of_the_contents_as_far_as_there_are) {
  buffer_pool tiers;
  pooled_buffer b = tiers.get(0);
  b.append("0123456789");
  dynamic_pooled_buffer d = dynamic_buffer(b, 8);
  const dynamic_pooled_buffer& c = d;
  EXPECT_EQ(text_of(d.data(2, 3)), "234");
  EXPECT_EQ(text_of(c.data(2, 3)), "234");
  EXPECT_EQ(text_of(d.data(6, 100)), "67");
  EXPECT_EQ(text_of(c.data(6, 100)), "67");
  EXPECT_EQ(d.data(9, 1).size() + c.data(9, 1).size(), 0u);
  *static_cast<char*>(d.data(1, 1).data()) = 'x';
  EXPECT_EQ(b.view(), "0x23456789");
}

TEST(DynamicPooledBuffer, what_is_prepared_becomes_contents_when_it_is_committed) {
  buffer_pool tiers{{.min_bytes = 64}};
  pooled_buffer b = tiers.get(0);
  dynamic_pooled_buffer d = dynamic_buffer(b, 100);
  d.commit(10);  // of nothing
  EXPECT_EQ(b.size(), 0u);
  const asio::mutable_buffer room = d.prepare(5);
  EXPECT_EQ(room.size(), 5u);
  EXPECT_EQ(d.size(), 0u);
  EXPECT_EQ(asio::buffer_copy(room, asio::buffer("abcde", 5)), 5u);
  d.commit(3);
  EXPECT_EQ(b.view(), "abc");
  (void)d.prepare(2);
  d.commit(60);  // as much as there is
  EXPECT_EQ(b.size(), 5u);
  d.commit(1);
  EXPECT_EQ(b.size(), 5u);
  d.consume(1);
  EXPECT_EQ(b.view(), "bcde");
  d.consume(100);
  EXPECT_EQ(b.size(), 0u);
}

TEST(DynamicPooledBuffer, above_max_size_is_a_length_error_and_changes_nothing) {
  buffer_pool tiers{{.min_bytes = 16}};
  pooled_buffer b = tiers.get(0);
  b.append("0123456789");
  dynamic_pooled_buffer d = dynamic_buffer(b, 20);
  EXPECT_NO_THROW((void)d.prepare(10));
  for (const std::size_t more : {std::size_t{11}, SIZE_MAX}) {
    EXPECT_THROW((void)d.prepare(more), std::length_error);
    EXPECT_THROW(d.grow(more), std::length_error);
  }
  EXPECT_EQ(b.view(), "0123456789");
  dynamic_pooled_buffer smaller = dynamic_buffer(b, 5);
  EXPECT_NO_THROW((void)smaller.prepare(0));
  EXPECT_THROW((void)smaller.prepare(1), std::length_error);
  try {
    d.grow(11);
  } catch (const std::length_error& e) {
    EXPECT_STREQ(e.what(),
                 "ebb::dynamic_pooled_buffer: 10 and 11 bytes are more than max_size, which is 20");
  }
}

TEST(DynamicPooledBuffer, grows_and_shrinks_at_the_end) {
  buffer_pool tiers{{.min_bytes = 16, .on_get = ebb::scrub::zero}};
  pooled_buffer b = tiers.get(0);
  b.append("0123456789");
  dynamic_pooled_buffer d = dynamic_buffer(b);
  d.shrink(2);
  d.grow(10);
  EXPECT_EQ(b.view(), std::string_view("01234567\0\0\0\0\0\0\0\0\0\0", 18))
      << "zeros where a pool promises them";
  d.shrink(11);
  EXPECT_EQ(b.view(), "0123456");
  d.shrink(100);
  EXPECT_EQ(b.size(), 0u);
}

TEST(DynamicPooledBuffer, grows_at_least_twofold_also_where_the_pool_has_no_tier) {
  buffer_pool tiers{{.min_bytes = 16, .max_bytes = 64}};
  for (const bool is_v1 : {false, true}) {
    pooled_buffer b = tiers.get(0);
    dynamic_pooled_buffer d = dynamic_buffer(b);
    int moves = 0;
    while (b.size() < 100'000) {
      const std::size_t before = b.capacity();
      if (is_v1) {
        (void)d.prepare(100);
        d.commit(100);
      } else {
        d.grow(100);
      }
      moves += b.capacity() != before ? 1 : 0;
    }
    EXPECT_LE(moves, 12);
  }
}

}  // namespace
