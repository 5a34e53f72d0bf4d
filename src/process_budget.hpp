// How many bytes all pools together may keep idle, and how they share that.
//
// Each budget (a pool's own, or the one its tiers share) has a share, and no pool keeps more than its
// share; the shares and what nobody has, the pot, make up the whole. So the bound holds at every instant,
// and hits and most misses touch no word that pools have in common. A budget takes more from the pot when
// it needs it, up to a level; each cycle sets the level so that all who use their pools get the same, and
// nobody more than he uses (max-min fairness), and takes back what is not used.
#pragma once

#include <cstdint>

#include <ebb/detail/idle_budget.hpp>

namespace ebb::detail {

struct pool_state;

class process_budget {
 public:
  [[nodiscard]] static std::uint64_t total() noexcept { return total_.load(std::memory_order_relaxed); }
  [[nodiscard]] static bool is_set() noexcept { return total() != no_limit; }

  // Takes room for `bytes` or more out of the pot; false if there is not enough, or `b` has all it may
  // have.
  [[nodiscard]] static bool grow(idle_budget& b, std::uint64_t bytes) noexcept;

  // Before anything is put into a new pool.
  static void join(idle_budget& b) noexcept;

  // The rest: under the registry's mutex.
  static void set_total(std::uint64_t bytes) noexcept;
  // At a cycle, when what was put since the last one is the victim: shares anew.
  static void share_out(pool_state* pools) noexcept;
  // After doomed objects have been destroyed: their room goes back to the pot.
  static void settle(pool_state* pools) noexcept;
  // Before a budget dies, and with it all that counted for it.
  static void forget(idle_budget& b) noexcept;
  // How much shares, what is owed, and the pot are together, less the total; 0 where there is none.
  [[nodiscard]] static std::int64_t error(pool_state* pools) noexcept;

 private:
  static void settle(idle_budget& b) noexcept;

  static atomic<std::uint64_t> total_;  // bytes; no_limit: there is none
  static atomic<std::uint64_t> level_;  // bytes a budget may have
  // Below 0 from the moment the total is lowered until what was over is destroyed.
  static atomic<std::int64_t> pot_;
  // Counts how often a total was set where there was none: then the pot is filled anew, and shares from
  // before are none of it.
  static atomic<std::uint64_t> era_;
};

}  // namespace ebb::detail
