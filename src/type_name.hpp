// The name of a type, for people.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace ebb::detail {

class type_name {
 public:
  // What typeid() calls it.
  explicit type_name(const char* mangled) noexcept
      : mangled_(mangled), readable_(abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr)) {}

  // "ebb::object_pool<parser>"; where there is no memory for that, as it was given.
  [[nodiscard]] const char* text() const noexcept {
    return readable_ != nullptr ? readable_.get() : mangled_;
  }

 private:
  struct free_it {
    void operator()(char* text) const noexcept { std::free(text); }
  };
  const char* mangled_;
  std::unique_ptr<char, free_it> readable_;
};

}  // namespace ebb::detail
