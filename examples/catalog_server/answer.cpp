#include "answer.hpp"

#include <boost/beast/http/status.hpp>

#include <charconv>
#include <string_view>

namespace catalog {
namespace {

// Below this, compressed text is about as long as the text.
constexpr std::size_t compress_from_bytes = 256;

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

answer::answer(pools& p, any_pool<request>::handle r, bool keep_alive)
    : pools_(p), request_(std::move(r)), keep_alive_(keep_alive) {}

answer::buffers answer::next_piece() {
  render();
  if (first_) begin();
  if (!stream_) return frame(*text_);
  packed_->clear();
  stream_->compress(*text_, done_, *packed_);
  if (done_) stream_ = {};  // the dearest thing here: the client may be slow to read the rest
  return frame(*packed_);
}

// One piece of text; what is not a list is one piece.
void answer::render() {
  std::string& text = *text_;
  text.clear();
  if (!request_->is_list) {
    text.append(request_->body);
    done_ = true;
    return;
  }
  const auto& matches = request_->matches;
  if (rendered_ == 0) text.push_back('[');
  while (rendered_ < matches.size() && text.size() < piece_bytes) {
    if (rendered_ > 0) text.push_back(',');
    text.append(matches[rendered_++]->text);
  }
  done_ = rendered_ == matches.size();
  if (done_) text.append("]\n");
}

// Only now is it known whether the answer fits in one piece, and so how to frame it.
void answer::begin() {
  if (request_->accepted != coding::identity && text_->size() >= compress_from_bytes) {
    coding_ = request_->accepted;
    stream_ = pools_.stream(coding_);
    packed_ = pools_.buffers.get();
  }
  if (!done_) {
    framing_ = request_->may_chunk ? framing::chunks : framing::until_close;
    if (framing_ == framing::until_close) keep_alive_ = false;
  }
}

void answer::write_head(std::size_t body_bytes) {
  std::string& head = request_->head;
  head.append("HTTP/1.1 ");
  append_number(head, static_cast<unsigned>(request_->status));
  const auto reason = http::obsolete_reason(request_->status);
  head.append(" ").append(reason.data(), reason.size());
  head.append("\r\nServer: catalog_server\r\nContent-Type: application/json\r\nVary: Accept-Encoding\r\n");
  if (request_->status == http::status::method_not_allowed) head.append("Allow: GET, HEAD\r\n");
  if (coding_ == coding::gzip) head.append("Content-Encoding: gzip\r\n");
  if (coding_ == coding::deflate) head.append("Content-Encoding: deflate\r\n");
  if (framing_ == framing::chunks) head.append("Transfer-Encoding: chunked\r\n");
  if (framing_ == framing::length) {
    head.append("Content-Length: ");
    append_number(head, body_bytes);
    head.append("\r\n");
  }
  head.append(keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

answer::buffers answer::frame(const std::string& body) {
  std::string& head = request_->head;
  head.clear();
  if (first_) write_head(body.size());
  first_ = false;
  if (request_->method == http::verb::head) {
    done_ = true;
    stream_ = {};
    return {boost::asio::buffer(head)};
  }
  if (framing_ != framing::chunks) return {boost::asio::buffer(head), boost::asio::buffer(body)};

  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size(), 16).ptr;
  head.append(digits.data(), end).append("\r\n");
  static constexpr std::string_view more = "\r\n";
  static constexpr std::string_view last = "\r\n0\r\n\r\n";
  return {boost::asio::buffer(head), boost::asio::buffer(body), boost::asio::buffer(done_ ? last : more)};
}

}  // namespace catalog
