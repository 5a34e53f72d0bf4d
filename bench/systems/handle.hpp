// An owning handle of the same shape as ebb::pooled, for systems that hand out bare pointers: one to the
// object and one to where it goes back. Inlined, like all that only adapts a system to the cases: what is
// measured is the system.
#pragma once

#include <utility>

namespace bench {

// A System has give_back(T*).
template <class T, class System>
class handle {
 public:
  handle() = default;
  handle(T* object, System* home) : object_(object), home_(home) {}
  [[gnu::always_inline]] handle(handle&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)), home_(other.home_) {}
  [[gnu::always_inline]] handle& operator=(handle&& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(home_, other.home_);
    other.reset();
    return *this;
  }
  [[gnu::always_inline]] ~handle() { reset(); }

  [[gnu::always_inline]] void reset() {
    if (object_ != nullptr) home_->give_back(std::exchange(object_, nullptr));
  }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
  System* home_ = nullptr;
};

}  // namespace bench
