// All pools that something was put into, and the cycle over them.
#pragma once

#include <cstdint>
#include <vector>

#include <ebb/eviction.hpp>
#include <ebb/pools.hpp>

namespace ebb::detail {

struct pool_state;
class pool_core;
class idle_budget;

class registry {
 public:
  // Lock-free: runs inside the first put.
  static void add(pool_state& state) noexcept;
  // Waits until no thread is destroying objects of this pool, other than the caller.
  static void remove(pool_state& state) noexcept;
  // One cycle over all pools; what it destroys is counted as `why`. Returns about how many bytes it
  // destroyed.
  static std::uint64_t run_cycle(eviction_reason why) noexcept;
  // Two cycles over one, or over all. Returns how many objects this destroyed.
  static std::uint64_t drain(pool_state& state) noexcept;
  // The same for one that may be another thread's, and be gone.
  static std::uint64_t drain(std::uint64_t number);
  static std::uint64_t drain_all() noexcept;
  // While it is on, nothing that is put stays, whatever the budgets say; what is loaded goes with the
  // cycles.
  static void keep_nothing(bool on) noexcept;

  // The pool's options say other bounds than before, or its objects have grown: destroys what is over.
  static void bounds_changed(pool_core& core) noexcept;
  // The same for a budget that pools share.
  static void bounds_changed(idle_budget& shared) noexcept;
  // Before a budget dies.
  static void forget(idle_budget& budget) noexcept;
  static void set_process_budget(std::uint64_t bytes) noexcept;

  // For tests, while no pool is used: by how much shares, what is owed, and the pot differ from the total.
  [[nodiscard]] static std::int64_t process_budget_error() noexcept;

  // Those that something was put into, by number.
  [[nodiscard]] static std::vector<pool_info> list();
  // For a pool that is listed elsewhere: higher than that of every pool that something was put into before.
  [[nodiscard]] static std::uint64_t take_number() noexcept;

  // What all pools hold now; a guess while they are in use.
  struct holding {
    std::uint64_t bytes = 0;  // of idle objects, as run_cycle() counts them
    // No object, and no magazine loaded, not even an empty one: the next put to any pool is a miss.
    bool nothing = true;
  };
  [[nodiscard]] static holding held() noexcept;

  [[nodiscard]] static std::uint64_t cycles() noexcept;
  [[nodiscard]] static std::uint64_t cycles_abandoned() noexcept;

  // Around fork(): the child must not inherit a lock that nobody will release.
  static void before_fork() noexcept;
  static void after_fork_in_parent() noexcept;
  static void after_fork_in_child() noexcept;
};

}  // namespace ebb::detail
