// A thread-local list that overflows into a global one, in the manner of brpc's ObjectPool: each thread
// keeps up to 256 pointers, and moves all 256 to a list behind a mutex when it has more, or from there when
// it has none. Memory is never given back, and all pools of a type are one.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "harness/object_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class tls_overflow {
 public:
  using item = handle<payload, tls_overflow>;
  static constexpr bool one_per_process = true;

  [[gnu::always_inline]] item get() {
    payload* const object = pop();
    return {object != nullptr ? object : make_payload(), this};
  }
  [[gnu::always_inline]] item try_get() { return {pop(), this}; }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) {
    if (mine_.count == limit_) [[unlikely]]
      make_room();
    mine_.objects[mine_.count++] = object;
  }

 private:
  struct chunk {
    std::size_t count;
    std::array<payload*, 256> objects;
  };

  class overflow {
   public:
    void push(const chunk& full) {
      const std::lock_guard lock(mutex_);
      chunks_.push_back(full);
      count_.store(chunks_.size(), std::memory_order_relaxed);  // a hint: mutex_ protects the chunks
    }
    // Leaves `empty` as it is when there is none.
    void pop(chunk& empty) {
      if (count_.load(std::memory_order_relaxed) == 0) return;
      const std::lock_guard lock(mutex_);
      if (chunks_.empty()) return;
      empty = chunks_.back();
      chunks_.pop_back();
      count_.store(chunks_.size(), std::memory_order_relaxed);
    }

   private:
    std::mutex mutex_;
    std::vector<chunk> chunks_;  // protected by mutex_
    std::atomic<std::size_t> count_{0};
  };

  // Never destroyed: it is there for whichever thread ends last.
  static overflow& all_threads() {
    static overflow& object = *new overflow;
    return object;
  }

  [[gnu::always_inline]] static payload* pop() {
    if (mine_.count == 0) [[unlikely]] {
      all_threads().pop(mine_);
      if (mine_.count == 0) return nullptr;
      open();
    }
    return mine_.objects[--mine_.count];
  }
  [[gnu::noinline]] static void make_room() {
    open();
    if (mine_.count < limit_) return;
    all_threads().push(mine_);
    mine_.count = 0;
  }

  // From now on what this thread keeps goes to all_threads() when it ends.
  static void open() {
    struct at_exit {
      bool used = true;
      ~at_exit() {
        limit_ = 0;
        if (mine_.count > 0) all_threads().push(mine_);
        mine_.count = 0;
      }
    };
    static thread_local const at_exit guard;
    if (guard.used) limit_ = mine_.objects.size();
  }

  // Without a destructor, so that get() and put() need not look at a guard. A thread whose limit is still 0
  // takes the slow path, and makes the guard there.
  static inline constinit thread_local chunk mine_{};
  static inline constinit thread_local std::size_t limit_ = 0;
};

const object_peer<tls_overflow> entry{{.name = "tls_overflow"}};

}  // namespace

}  // namespace bench
