// A shard for each CPU: a vector behind a lock that is only tried. Who finds it taken, or nothing in it,
// goes to the next shard, and starts over when none had what it needs and some were taken: not to do so
// makes objects without end where one thread gets what another one puts.
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <vector>

#include "harness/object_peer.hpp"
#include "pointer_pool.hpp"

namespace bench {

namespace {

enum class outcome { done, nothing, taken };

class alignas(128) shard {  // a pair of lines, as CPUs fetch them by pairs
 public:
  outcome pop(payload*& object) {
    if (count_.load(std::memory_order_relaxed) == 0) return outcome::nothing;  // relaxed: a hint
    if (!try_to_lock()) return outcome::taken;
    const bool found = !idle_.empty();
    if (found) {
      object = idle_.back();
      idle_.pop_back();
    }
    unlock();
    return found ? outcome::done : outcome::nothing;
  }
  outcome push(payload* object) {
    if (!try_to_lock()) return outcome::taken;
    idle_.push_back(object);
    unlock();
    return outcome::done;
  }

 private:
  // The load spares a shard that is taken the traffic of a write.
  bool try_to_lock() {
    return !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true, std::memory_order_acquire);
  }
  void unlock() {
    count_.store(idle_.size(), std::memory_order_relaxed);
    taken_.store(false, std::memory_order_release);
  }

  std::atomic<bool> taken_{false};
  std::atomic<std::size_t> count_{0};  // how many are idle, for those who do not have the lock
  std::vector<payload*> idle_;         // protected by taken_
};

class shards {
 public:
  shards() : all_(static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF))) {}

  [[gnu::always_inline]] payload* pop() {
    payload* object = nullptr;
    visit_until_done([&](shard& here) { return here.pop(object); });
    return object;
  }
  [[gnu::always_inline]] bool push(payload* object) {
    visit_until_done([&](shard& here) { return here.push(object); });
    return true;
  }

 private:
  // Goes by all shards, from this CPU's on, until `use` is done with one.
  [[gnu::always_inline]] outcome visit(auto use) {
    // glibc reads it from where the kernel keeps it up to date (rseq): no system call.
    std::size_t at = static_cast<std::size_t>(::sched_getcpu()) % all_.size();
    outcome result = outcome::nothing;
    for (std::size_t tried = 0; tried < all_.size(); ++tried) {
      const outcome here = use(all_[at]);
      if (here == outcome::done) return here;
      if (here == outcome::taken) result = here;
      if (++at == all_.size()) at = 0;
    }
    return result;
  }

  // Whoever has a lock is done in a few nanoseconds, unless it waits for its turn on a CPU.
  [[gnu::always_inline]] void visit_until_done(auto use) {
    for (int round = 1; visit(use) == outcome::taken; ++round) {
      if (round % 16 == 0) ::sched_yield();
    }
  }

  std::vector<shard> all_;
};

const object_peer<pointer_pool<shards>> entry{{.name = "per_cpu_trylock"}};

}  // namespace

}  // namespace bench
