// A growing text buffer from whichever pool the command line chose: the seam of the demo for bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <ebb/pooled_buffer.hpp>

#include "any_pool.hpp"

namespace catalog {

/// Owns memory of ebbpool, or a string as people use without it.
class any_buffer {
 public:
  /// Of no pool: to be assigned to.
  any_buffer() noexcept = default;
  explicit any_buffer(ebb::pooled_buffer b) noexcept : memory_(std::move(b)) {}
  explicit any_buffer(any_pool<std::string>::handle s) noexcept : memory_(std::move(s)) {}

  [[nodiscard]] explicit operator bool() const noexcept { return memory_.index() != 0; }

  [[nodiscard]] std::string_view view() const noexcept {
    const auto* const pooled = std::get_if<ebb::pooled_buffer>(&memory_);
    return pooled != nullptr ? pooled->view() : std::string_view(string());
  }
  [[nodiscard]] std::size_t size() const noexcept { return view().size(); }
  [[nodiscard]] std::size_t capacity() const noexcept {
    const auto* const pooled = std::get_if<ebb::pooled_buffer>(&memory_);
    return pooled != nullptr ? pooled->capacity() : string().capacity();
  }
  [[nodiscard]] char* data() noexcept {
    auto* const pooled = std::get_if<ebb::pooled_buffer>(&memory_);
    return pooled != nullptr ? reinterpret_cast<char*>(pooled->data()) : string().data();
  }
  void clear() { resize(0); }
  void resize(std::size_t bytes) {
    each([bytes](auto& b) { b.resize(bytes); });
  }
  any_buffer& append(std::string_view text) {
    each([text](auto& b) { b.append(text); });
    return *this;
  }
  void push_back(char c) {
    each([c](auto& b) { b.push_back(c); });
  }

 private:
  using string_handle = any_pool<std::string>::handle;

  [[nodiscard]] std::string& string() const noexcept { return **std::get_if<string_handle>(&memory_); }

  template <class Change>
  void each(Change change) {
    if (auto* const pooled = std::get_if<ebb::pooled_buffer>(&memory_)) return change(*pooled);
    change(string());
  }

  std::variant<std::monostate, ebb::pooled_buffer, string_handle> memory_;
};

}  // namespace catalog
