// What on_evict was told, to be compared with what became of the objects.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <ebb/eviction.hpp>
#include <ebb/stats.hpp>

namespace ebb::test {

// Each item is written down when it is made, announced by on_evict, and destroyed, in that order.
class ledger {
 public:
  enum class state : std::uint8_t { alive, announced, dead };

  std::size_t born() {
    const std::lock_guard lock(mutex_);
    states_.push_back(state::alive);
    return states_.size() - 1;
  }
  void announce(std::size_t id, eviction_reason why) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(states_.at(id), state::alive) << "item " << id << " announced twice, or after its death";
    states_[id] = state::announced;
    ids_[static_cast<std::size_t>(why)].push_back(id);
  }
  void died(std::size_t id) {
    const std::lock_guard lock(mutex_);
    if (states_.at(id) != state::announced) unannounced_.push_back(id);
    EXPECT_NE(states_[id], state::dead) << "item " << id << " destroyed twice";
    states_[id] = state::dead;
  }

  [[nodiscard]] std::vector<std::size_t> evicted(eviction_reason why) const {
    const std::lock_guard lock(mutex_);
    return ids_[static_cast<std::size_t>(why)];
  }
  [[nodiscard]] std::uint64_t calls(eviction_reason why) const { return evicted(why).size(); }
  [[nodiscard]] std::uint64_t calls() const {
    std::uint64_t sum = 0;
    for (std::size_t r = 0; r < eviction_reasons; ++r) sum += calls(static_cast<eviction_reason>(r));
    return sum;
  }
  // Died without a call: those that were never in a pool's care, or left it.
  [[nodiscard]] std::vector<std::size_t> unannounced() const {
    const std::lock_guard lock(mutex_);
    return unannounced_;
  }
  [[nodiscard]] std::uint64_t dead() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint64_t>(std::count(states_.begin(), states_.end(), state::dead));
  }
  [[nodiscard]] std::uint64_t born_so_far() const {
    const std::lock_guard lock(mutex_);
    return states_.size();
  }

  // The counts of a pool's stats are the calls, by reason.
  void expect_counted_as(const pool_stats& s) const {
    EXPECT_EQ(s.dropped_aged, calls(eviction_reason::aged));
    EXPECT_EQ(s.dropped_over_budget, calls(eviction_reason::over_budget));
    EXPECT_EQ(s.dropped_pressure, calls(eviction_reason::pressure));
    EXPECT_EQ(s.dropped_drained, calls(eviction_reason::drained));
    EXPECT_EQ(s.dropped_rejected, calls(eviction_reason::rejected));
    EXPECT_EQ(s.dropped_no_memory, calls(eviction_reason::no_memory));
    EXPECT_EQ(s.dropped_at_random, calls(eviction_reason::at_random));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<state> states_;
  std::vector<std::size_t> unannounced_;
  std::array<std::vector<std::size_t>, eviction_reasons> ids_;
};

struct entry {
  explicit entry(ledger& of) : book(&of), id(of.born()) {}
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;
  ~entry() { book->died(id); }
  ledger* book;
  std::size_t id;
  std::size_t bytes = 1;
  bool is_good = true;
};

inline auto make_entry(ledger& book) {
  return [&book] { return std::make_unique<entry>(book); };
}
inline void announce(entry& e, eviction_reason why) { e.book->announce(e.id, why); }

}  // namespace ebb::test
