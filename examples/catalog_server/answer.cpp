#include "answer.hpp"

#include <boost/beast/http/status.hpp>

#include <charconv>
#include <string_view>

namespace catalog {
namespace {

// Below this, compressed text is about as long as the text.
constexpr std::size_t compress_from_bytes = 256;

// The head of an answer is shorter than this.
constexpr std::size_t max_head_bytes = 512;

void append_number(any_buffer& out, std::size_t number, int base = 10) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append({digits.data(), end});
}

}  // namespace

answer::answer(pools& p, request r, bool keep_alive)
    : pools_(p), request_(std::move(r)), keep_alive_(keep_alive) {}

answer::buffers answer::next_piece() {
  render();
  if (first_) begin();
  if (!stream_) return frame(text_);
  packed_.clear();
  stream_->compress(text_.view(), done_, packed_);
  if (done_) stream_ = {};  // the dearest thing here: the client may be slow to read the rest
  return frame(packed_);
}

// What the first piece takes; a later one that is longer grows the buffer.
std::size_t answer::bytes_to_render() const {
  if (!request_.is_list) return request_.body.size();
  std::size_t bytes = 3;  // brackets and newline
  for (const record* r : request_.matches) {
    bytes += r->text.size() + 1;
    if (bytes > piece_bytes) break;
  }
  return bytes;
}

// One piece of text; what is not a list is one piece.
void answer::render() {
  if (!text_) text_ = pools_.text(bytes_to_render());
  text_.clear();
  if (!request_.is_list) {
    text_.append(request_.body);
    done_ = true;
    return;
  }
  const auto& matches = request_.matches;
  if (rendered_ == 0) text_.push_back('[');
  while (rendered_ < matches.size() && text_.size() < piece_bytes) {
    if (rendered_ > 0) text_.push_back(',');
    text_.append(matches[rendered_++]->text);
  }
  done_ = rendered_ == matches.size();
  if (done_) text_.append("]\n");
}

// Only now is it known whether the answer fits in one piece, and so how to frame it.
void answer::begin() {
  if (request_.accepted != coding::identity && text_.size() >= compress_from_bytes) {
    coding_ = request_.accepted;
    stream_ = pools_.stream(coding_);
    packed_ = pools_.packed();
  }
  if (!done_) {
    framing_ = request_.may_chunk ? framing::chunks : framing::until_close;
    if (framing_ == framing::until_close) keep_alive_ = false;
  }
}

void answer::write_head(std::size_t body_bytes) {
  writer_.append("HTTP/1.1 ");
  append_number(writer_, static_cast<unsigned>(request_.status));
  const auto reason = http::obsolete_reason(request_.status);
  writer_.append(" ").append({reason.data(), reason.size()});
  writer_.append(
      "\r\nServer: catalog_server\r\nContent-Type: application/json\r\nVary: Accept-Encoding\r\n");
  if (request_.status == http::status::method_not_allowed) writer_.append("Allow: GET, HEAD\r\n");
  if (coding_ == coding::gzip) writer_.append("Content-Encoding: gzip\r\n");
  if (coding_ == coding::deflate) writer_.append("Content-Encoding: deflate\r\n");
  if (framing_ == framing::chunks) writer_.append("Transfer-Encoding: chunked\r\n");
  if (framing_ == framing::length) {
    writer_.append("Content-Length: ");
    append_number(writer_, body_bytes);
    writer_.append("\r\n");
  }
  writer_.append(keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

// What to send. A last piece that fits is copied behind its head, so that one buffer goes out, and the
// larger ones are back in the pool before the client has read anything.
answer::buffers answer::frame(any_buffer& body) {
  static constexpr std::string_view end_of_chunk = "\r\n";
  static constexpr std::string_view end_of_chunks = "\r\n0\r\n\r\n";
  const std::string_view tail = framing_ != framing::chunks ? std::string_view()
                                : done_                     ? end_of_chunks
                                                            : end_of_chunk;
  const std::size_t bytes = max_head_bytes + body.size() + tail.size();
  if (!writer_)
    writer_ = pools_.writer(bytes <= small_writer_bytes ? small_writer_bytes : large_writer_bytes);
  writer_.clear();
  if (first_) write_head(body.size());
  first_ = false;
  if (request_.method == http::verb::head) {
    done_ = true;
    stream_ = {};
    return {boost::asio::buffer(writer_.view())};
  }
  if (framing_ == framing::chunks) {
    append_number(writer_, body.size(), 16);
    writer_.append("\r\n");
  }
  if (!done_ || bytes > large_writer_bytes) {
    return {boost::asio::buffer(writer_.view()), boost::asio::buffer(body.view()),
            boost::asio::buffer(tail)};
  }
  writer_.append(body.view()).append(tail);
  text_ = {};
  packed_ = {};
  return {boost::asio::buffer(writer_.view())};
}

}  // namespace catalog
