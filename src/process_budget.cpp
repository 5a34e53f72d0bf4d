#include "process_budget.hpp"

#include <algorithm>

#include <ebb/budget.hpp>

#include "pool_state.hpp"
#include "registry.hpp"

namespace ebb::detail {

atomic<std::uint64_t> process_budget::total_{no_limit};
atomic<std::uint64_t> process_budget::level_{no_limit};
atomic<std::int64_t> process_budget::pot_{0};
atomic<std::uint64_t> process_budget::era_{0};

namespace {

// So that growing budgets come to the pot seldom, and do not empty it for little.
constexpr std::uint64_t parts = 256;

// No machine has as much, and sums of two of them do not overflow.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 61;

std::int64_t amount(std::uint64_t bytes) noexcept {
  return static_cast<std::int64_t>(std::min(bytes, most_bytes));
}

// Calls back with every budget once: pools may share one.
template <class Visitor>
void for_each_budget(pool_state* pools, Visitor visit) noexcept {
  for (pool_state* p = pools; p != nullptr; p = p->next) p->budget->is_counted = false;
  for (pool_state* p = pools; p != nullptr; p = p->next) {
    if (p->budget->is_counted) continue;
    p->budget->is_counted = true;
    visit(*p->budget);
  }
}

// The level at which shares of min(demand, level) use up the total; no_limit if there is enough for all.
std::uint64_t fair_level(pool_state* pools, std::uint64_t total) noexcept {
  std::uint64_t level = no_limit;
  for (;;) {
    std::uint64_t content = 0;  // with what they demand
    std::uint64_t budgets = 0;  // that want more than the level
    for_each_budget(pools, [&](const idle_budget& b) {
      if (level == no_limit || b.demand > level)
        ++budgets;
      else
        content += b.demand;
    });
    // First round: nobody's demand is known to be small.
    const std::uint64_t next = budgets == 0 ? no_limit : (total - std::min(content, total)) / budgets;
    if (budgets == 0 || next == level) break;
    level = next;
  }
  std::uint64_t over = 0;
  for_each_budget(pools, [&](const idle_budget& b) { over += b.demand > level; });
  return over == 0 ? no_limit : level;
}

}  // namespace

bool process_budget::grow(idle_budget& b, std::uint64_t bytes) noexcept {
  // All relaxed: these are numbers, and nothing is published through them.
  std::uint64_t share = b.share().load(std::memory_order_relaxed);
  if (share == no_limit) return false;
  const std::uint64_t most = std::min(level_.load(std::memory_order_relaxed), total());
  const std::uint64_t below = most > share ? most - share : 0;
  if (below < bytes) return false;
  const std::int64_t wanted = amount(std::min(std::max(bytes, total() / parts), below));
  std::int64_t pot = pot_.load(std::memory_order_relaxed);
  std::int64_t taken = 0;
  do {
    if (pot < amount(bytes)) return false;
    taken = std::min(wanted, pot);
  } while (!pot_.compare_exchange_weak(pot, pot - taken, std::memory_order_relaxed));
  if (b.share().compare_exchange_strong(share, share + static_cast<std::uint64_t>(taken),
                                        std::memory_order_relaxed)) {
    return true;
  }
  pot_.fetch_add(taken, std::memory_order_relaxed);  // somebody else has just changed its share
  return share != no_limit;                          // the caller tries, and comes again if that fails
}

void process_budget::join(idle_budget& b) noexcept {
  std::uint64_t none = no_limit;
  if (is_set() && b.share().compare_exchange_strong(none, 0, std::memory_order_relaxed)) {
    b.era.store(era_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
}

void process_budget::set_total(std::uint64_t bytes) noexcept {
  const std::uint64_t before = total();
  level_.store(bytes, std::memory_order_relaxed);
  // Before the total, by which pools see that there is a pot.
  if (before == no_limit) {
    era_.fetch_add(1, std::memory_order_relaxed);
    pot_.store(amount(bytes), std::memory_order_relaxed);
  } else if (bytes != no_limit) {
    pot_.fetch_add(amount(bytes) - amount(before), std::memory_order_relaxed);
  }
  total_.store(bytes, std::memory_order_relaxed);
}

void process_budget::share_out(pool_state* pools) noexcept {
  if (!is_set()) {
    for_each_budget(pools, [](idle_budget& b) {
      b.share().store(no_limit, std::memory_order_relaxed);
      b.owed = 0;
    });
    return;
  }
  for (pool_state* p = pools; p != nullptr; p = p->next) p->count_room();
  // Not only the victim: what others put meanwhile is in use, too, and would push the victim out.
  for_each_budget(pools, [](idle_budget& b) {
    b.demand = b.stays() * b.unit_bytes() + b.take_refused();
    b.era.store(era_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  });
  const std::uint64_t level = fair_level(pools, total());
  level_.store(level, std::memory_order_relaxed);
  for_each_budget(pools, [&](idle_budget& b) {
    const std::uint64_t fair = std::min(b.demand, level);
    std::uint64_t before = b.share().load(std::memory_order_relaxed);
    // Nobody is given more here: it grows out of the pot, into which room comes when what was over in other
    // pools has been destroyed.
    while (fair < before && !b.share().compare_exchange_weak(before, fair, std::memory_order_relaxed)) {}
    if (before == no_limit) {
      pot_.fetch_sub(amount(fair), std::memory_order_relaxed);
    } else if (fair < before) {
      b.owed += before - fair;
    }
    // What it uses beyond that nobody took out of the pot: it was there before there was a total, or its
    // objects count for more than they did.
    const std::uint64_t used = b.used_bytes();
    const std::uint64_t has = b.share().load(std::memory_order_relaxed) + b.owed;
    if (static_cast<std::int64_t>(used) > 0 && used > has) {
      pot_.fetch_sub(amount(used - has), std::memory_order_relaxed);
      b.owed += used - has;
    }
  });
}

void process_budget::settle(idle_budget& b) noexcept {
  const std::uint64_t share = b.share().load(std::memory_order_relaxed);
  const std::uint64_t used = b.used_bytes();
  const std::uint64_t still = std::min(b.owed, used > share ? used - share : 0);
  pot_.fetch_add(amount(b.owed - still), std::memory_order_relaxed);
  b.owed = still;
}

void process_budget::settle(pool_state* pools) noexcept {
  if (is_set()) for_each_budget(pools, [](idle_budget& b) { settle(b); });
}

void process_budget::forget(idle_budget& b) noexcept {
  const std::uint64_t share = b.share().exchange(no_limit, std::memory_order_relaxed);
  if (share != no_limit && b.era.load(std::memory_order_relaxed) == era_.load(std::memory_order_relaxed)) {
    pot_.fetch_add(amount(share + b.owed), std::memory_order_relaxed);
  }
  b.owed = 0;
}

std::int64_t process_budget::error(pool_state* pools) noexcept {
  if (!is_set()) return 0;
  std::int64_t sum = pot_.load(std::memory_order_relaxed);
  for_each_budget(pools, [&](idle_budget& b) {
    sum += amount(b.share().load(std::memory_order_relaxed)) + amount(b.owed);
  });
  return sum - amount(total());
}

}  // namespace ebb::detail

namespace ebb {

void set_idle_budget(std::size_t bytes) noexcept { detail::registry::set_process_budget(bytes); }

std::size_t idle_budget() noexcept { return detail::process_budget::total(); }

}  // namespace ebb
