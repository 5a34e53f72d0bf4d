// A system made of a container of idle objects. An Idle has
//   pop()             one of its pointers, or null when it finds none
//   push(object)      keeps it; false when it cannot, and then the object is destroyed
//   thread_scope()    optional: what a thread must hold while it uses the container
#pragma once

#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "systems/handle.hpp"

namespace bench {

template <class Idle>
class pointer_pool {
 public:
  using item = handle<payload, pointer_pool>;

  pointer_pool() = default;
  pointer_pool(const pointer_pool&) = delete;
  pointer_pool& operator=(const pointer_pool&) = delete;
  ~pointer_pool() {
    [[maybe_unused]] const auto scope = enter_thread(idle_);
    while (const payload* const object = idle_.pop()) delete object;
  }

  auto thread_scope() requires requires(Idle idle) { idle.thread_scope(); }
  { return idle_.thread_scope(); }

  [[gnu::always_inline]] item get() {
    payload* const object = idle_.pop();
    return {object != nullptr ? object : make_payload(), this};
  }
  [[gnu::always_inline]] item try_get() { return {idle_.pop(), this}; }
  [[gnu::always_inline]] void put(item& object) { object.reset(); }
  [[gnu::always_inline]] void give_back(payload* object) {
    if (!idle_.push(object)) delete object;
  }

 private:
  Idle idle_;
};

}  // namespace bench
