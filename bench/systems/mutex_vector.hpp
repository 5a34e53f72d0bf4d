// One vector behind one mutex: the simplest pool that threads can share.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "handle.hpp"

namespace bench {

class mutex_vector {
 public:
  static constexpr const char* name = "mutex_vector";
  using item = handle<mutex_vector>;

  item get() {
    item object = try_get();
    return object ? std::move(object) : item(new payload, this);
  }
  item try_get() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    payload* const object = idle_.back().release();
    idle_.pop_back();
    return {object, this};
  }
  void put(item& object) { object.reset(); }
  void give_back(payload* object) {
    const std::lock_guard lock(mutex_);
    idle_.emplace_back(object);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<payload>> idle_;  // protected by mutex_
};

}  // namespace bench
