// What is written by hand where there is no pool: a vector behind a mutex, and a condition for those who
// wait. It keeps no order: who comes at the right moment takes what others wait for. Nothing is checked,
// counted or bounded in time.
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "harness/bounded_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class mutex_condition {
 public:
  explicit mutex_condition(std::size_t capacity) {
    for (std::size_t i = 0; i < capacity; ++i) all_.emplace_back(make_payload());
    for (const auto& object : all_) idle_.push_back(object.get());
  }

  [[gnu::always_inline]] handle<payload, mutex_condition> acquire() {
    std::unique_lock lock(mutex_);
    while (idle_.empty()) came_back_.wait(lock);
    payload* const object = idle_.back();
    idle_.pop_back();
    return {object, this};
  }
  [[gnu::always_inline]] void give_back(payload* object) {
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(object);
    }
    came_back_.notify_one();
  }

 private:
  std::vector<std::unique_ptr<payload>> all_;
  std::mutex mutex_;
  std::condition_variable came_back_;
  std::vector<payload*> idle_;  // protected by mutex_
};

const bounded_peer<mutex_condition> entry{{.name = "mutex_condition"}};

}  // namespace

}  // namespace bench
