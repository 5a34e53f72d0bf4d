// Where a user of an expensive object gets it from: types with `name` and get(), which returns an owner
// that has a `->`. All but `none` reset an object on its way back, outside of locks.
#pragma once

#include <cstddef>
#include <ebb/buffer_pool.hpp>
#include <ebb/object_pool.hpp>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "systems/handle.hpp"

namespace bench {

// Made anew each time, and as a local variable: no pool can save what that saves.
template <class Object>
class none {
 public:
  static constexpr const char* name = "none";

  struct local {
    Object object;
    Object* operator->() { return &object; }
  };
  local get() { return {}; }
};

template <class Object>
class ebb_objects {
 public:
  static constexpr const char* name = "ebb";
  ebb::pooled<Object> get() { return pool_.get(); }

 private:
  ebb::object_pool<Object> pool_{{.make = [] { return std::make_unique<Object>(); },
                                  .recycle =
                                      [](Object& object) {
                                        object.reset();
                                        return true;
                                      }}};
};

// One vector behind one mutex.
template <class Object>
class mutex_vector {
 public:
  static constexpr const char* name = "mutex_vector";

  handle<Object, mutex_vector> get() {
    std::unique_ptr<Object> object = idle_one();
    if (object == nullptr) object = std::make_unique<Object>();
    return {object.release(), this};
  }
  void give_back(Object* object) {
    std::unique_ptr<Object> owned(object);
    owned->reset();
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(owned));
  }

 private:
  std::unique_ptr<Object> idle_one() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<Object> object = std::move(idle_.back());
    idle_.pop_back();
    return object;
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Object>> idle_;  // protected by mutex_
};

// A list of its own for each thread.
template <class Object>
class tls_list {
 public:
  static constexpr const char* name = "tls_list";

  handle<Object, tls_list> get() {
    list& idle = idle_;  // once: each mention of a thread_local with a destructor is a call
    if (idle.empty()) return {std::make_unique<Object>().release(), this};
    Object* const object = idle.back().release();
    idle.pop_back();
    return {object, this};
  }
  void give_back(Object* object) {
    std::unique_ptr<Object> owned(object);
    owned->reset();
    list& idle = idle_;
    if (idle.size() < capacity) idle.push_back(std::move(owned));
  }

 private:
  static constexpr std::size_t capacity = 64;
  using list = std::vector<std::unique_ptr<Object>>;
  static inline thread_local list idle_;
};

// For objects that are nothing but memory: Buffer::bytes of it, which Buffer::fill() works on.
template <class Buffer>
class ebb_buffers {
 public:
  static constexpr const char* name = "ebb_buffer_pool";

  class item {
   public:
    explicit item(ebb::pooled_buffer memory) : memory_(std::move(memory)) {}
    item* operator->() { return this; }
    std::string_view work(std::size_t input, std::span<char> /*page*/) {
      return Buffer::fill(reinterpret_cast<char*>(memory_.data()), input);
    }

   private:
    ebb::pooled_buffer memory_;
  };
  item get() { return item(pool_.get(Buffer::bytes)); }

 private:
  ebb::buffer_pool pool_;
};

}  // namespace bench
