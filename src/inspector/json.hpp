// Writes JSON (RFC 8259) into a string. Commas come by themselves; that brackets match is the caller's.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "../utf8.hpp"

namespace ebb::detail {

class json_writer {
 public:
  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }

  json_writer& key(std::string_view name) {
    comma();
    quote(name);
    text_ += ':';
    wants_comma_ = false;
    return *this;
  }

  json_writer& value(std::string_view s) {
    comma();
    quote(s);
    return *this;
  }
  json_writer& value(const char* s) { return value(std::string_view(s)); }
  json_writer& value(bool b) { return raw(b ? "true" : "false"); }
  template <class Number>
    requires((std::integral<Number> && !std::same_as<Number, bool>) || std::floating_point<Number>)
  json_writer& value(Number number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return raw({digits.data(), end});
  }

  template <class Value>
  json_writer& member(std::string_view name, const Value& v) {
    return key(name).value(v);
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  json_writer& open(char bracket) {
    comma();
    text_ += bracket;
    wants_comma_ = false;
    return *this;
  }

  json_writer& close(char bracket) {
    text_ += bracket;
    wants_comma_ = true;
    return *this;
  }

  json_writer& raw(std::string_view s) {
    comma();
    text_ += s;
    return *this;
  }

  void comma() {
    if (wants_comma_) text_ += ',';
    wants_comma_ = true;
  }

  // '<' too, so that a copy of this text inside a page can never end its <script>.
  void quote(std::string_view s) {
    static constexpr std::string_view hex = "0123456789abcdef";
    text_ += '"';
    while (!s.empty()) {
      const std::size_t length = utf8_sequence(s);
      const auto c = static_cast<unsigned char>(s.front());
      if (length == 0) {
        text_ += replacement_character;
      } else if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += s.front();
      } else if (c < 0x20 || c == '<' || c == 0x7F) {
        text_.append("\\u00");
        text_ += hex[c >> 4U];
        text_ += hex[c & 15U];
      } else {
        text_ += s.substr(0, length);
      }
      s.remove_prefix(length == 0 ? 1 : length);
    }
    text_ += '"';
  }

  std::string text_;
  bool wants_comma_ = false;
};

}  // namespace ebb::detail
