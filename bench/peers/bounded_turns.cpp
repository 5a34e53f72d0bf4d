// What every pool that serves in order has to do, and nothing else: a queue behind a short lock, and a
// futex for each who waits. What comes back is handed to the first of the queue, who is woken after the
// lock has been released. It is no pool, but what a pool in order can at best reach on the machine.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "harness/bounded_peer.hpp"
#include "systems/handle.hpp"

namespace bench {

namespace {

class turns {
 public:
  explicit turns(std::size_t capacity) {
    for (std::size_t i = 0; i < capacity; ++i) all_.emplace_back(make_payload());
    for (const auto& object : all_) idle_.push_back(object.get());
  }

  [[gnu::always_inline]] handle<payload, turns> acquire() {
    waiter me;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        payload* const object = idle_.back();
        idle_.pop_back();
        return {object, this};
      }
      (first_ == nullptr ? first_ : last_->next) = &me;
      last_ = &me;
    }
    // Acquire: what the one before wrote into the object.
    while (me.served.load(std::memory_order_acquire) == 0) {
      (void)::syscall(SYS_futex, &me.served, FUTEX_WAIT_PRIVATE, 0U, nullptr, nullptr, 0);
    }
    return {me.object, this};
  }
  [[gnu::always_inline]] void give_back(payload* object) {
    waiter* heir = nullptr;
    {
      const std::lock_guard lock(mutex_);
      heir = first_;
      if (heir == nullptr) return idle_.push_back(object);
      first_ = heir->next;
    }
    heir->object = object;
    std::atomic<std::uint32_t>* const word = &heir->served;
    word->store(1, std::memory_order_release);
    // The waiter may be gone by now: then this wakes nobody, or somebody who looks and waits again.
    (void)::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

 private:
  struct waiter {
    waiter* next = nullptr;  // protected by mutex_
    payload* object = nullptr;
    std::atomic<std::uint32_t> served{0};
  };

  std::vector<std::unique_ptr<payload>> all_;
  std::mutex mutex_;
  // Protected by mutex_. Nobody waits while there are idle ones.
  std::vector<payload*> idle_;
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

const bounded_peer<turns> entry{{.name = "bounded_turns"}};

}  // namespace

}  // namespace bench
