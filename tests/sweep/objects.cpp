#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <ebb/budget.hpp>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pools.hpp>
#include <ebb/runtime_info.hpp>

#include "scenario.hpp"

namespace {

using pool_type = ebb::object_pool<token>;
using handle = ebb::pooled<token>;
using options = ebb::object_pool_options<token>;

void check_tokens(pool_type& pool, std::uint64_t adopted) {
  check_balance(pool.stats(), adopted);
  check(static_cast<std::uint64_t>(token::alive) == pool.stats().idle,
        "an object is lost, or was never freed");
  {
    std::vector<handle> some(200);
    pool.get_n(some);
    for (const handle& h : some) check(h && !h->spoiled, "an object whose recycle() threw is handed out");
  }
  check_empties(pool);
  check(token::alive == 0, "an object survives its cycles");
}

void use_objects(std::optional<pool_type>& pool, std::uint64_t& adopted, std::size_t count) {
  std::vector<handle> held;
  for (std::size_t i = 0; i < count; ++i) held.push_back(pool->get());
  held.clear();
  {
    std::vector<handle> grows;  // and may fail to, half way through what get_n() hands out
    (void)pool->get_n(std::back_inserter(grows), count);
  }
  held.resize(count);
  pool->get_n(held);
  pool->put_n(held);
  (void)pool->get().operator->();
  (void)pool->get().operator*();
  (void)handle(pool->get()).get();
  (void)std::move(held[0] = pool->get()).detach();
  auto own = std::make_unique<token>();
  ++adopted;
  pool->put(std::move(own));
  ebb::collect();
  held[0] = pool->try_get();
}

void objects() {
  std::optional<pool_type> pool;
  std::uint64_t adopted = 0;
  attempt([&] {
    pool.emplace(options{.name = long_name});
    use_objects(pool, adopted, 150);
    for (int i = 0; i < 3; ++i) ebb::collect();
    use_objects(pool, adopted, 5);
  });
  if (pool) check_tokens(*pool, adopted);
}

// How many of 100 objects a pool with a bound keeps once it is empty.
std::uint64_t room_in(pool_type& pool) {
  for (int i = 0; i < 8; ++i) ebb::collect();
  {
    std::vector<handle> some(100);
    pool.get_n(some);
  }
  const std::uint64_t kept = pool.stats().idle;
  check_empties(pool);
  return kept;
}

void objects_under_a_bound() {
  const options bounded{.max_idle = 40, .max_loaded = 8};
  std::optional<pool_type> pool;
  std::uint64_t adopted = 0;
  attempt([&] {
    pool.emplace(bounded);
    use_objects(pool, adopted, 60);
    for (int i = 0; i < 2; ++i) ebb::collect();
    use_objects(pool, adopted, 20);
  });
  if (!pool) return;
  check_tokens(*pool, adopted);
  pool_type other(bounded);
  check(room_in(*pool) == room_in(other), "room under max_idle is lost");
}

// Bounds that change, what is kept at least, and the process's budget, with every failure in between.
void changing_budgets() {
  const options bounded{.max_idle = 40, .name = long_name, .max_loaded = 8};
  std::optional<pool_type> pool;
  std::uint64_t adopted = 0;
  attempt([&] {
    pool.emplace(bounded);
    (void)pool->prewarm(20);
    use_objects(pool, adopted, 30);
    pool->set_max_idle(10);
    pool->set_max_idle_bytes(7 * sizeof(token));
    use_objects(pool, adopted, 20);
    check(!ebb::all_pools().empty(), "all_pools() does not list a pool in use");
    pool->set_max_idle(40);
    pool->set_max_idle_bytes(ebb::unlimited);
    ebb::set_idle_budget(12 * sizeof(token));
    use_objects(pool, adopted, 20);
    check(pool->stats().idle <= 12, "more is idle than the process may keep");
    (void)ebb::drain_all();
    ebb::set_idle_budget(ebb::unlimited);
    use_objects(pool, adopted, 20);
    (void)pool->drain();
  });
  ebb::set_idle_budget(ebb::unlimited);
  if (!pool) return;
  pool->set_keep_at_least(0);
  pool->set_max_idle_bytes(ebb::unlimited);
  pool->set_max_idle(40);
  check_tokens(*pool, adopted);
  pool_type other(bounded);
  check(room_in(*pool) == room_in(other), "room under max_idle is lost");
}

void background_collector() {
  pool_type pool;
  ebb::set_cycle_period(std::chrono::milliseconds(1));
  const auto use = [&] {
    std::vector<handle> some(3);
    pool.get_n(some);
    (void)pool.get();
  };
  attempt(use);
  // The next miss, or the next spill, finds the thread running or starts it.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!ebb::runtime_info().collector_running) use();
  while (pool.stats().idle != 0) {
    check(std::chrono::steady_clock::now() < limit, "there is no background collector");
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  ebb::set_cycle_period(std::chrono::milliseconds::zero());
  while (ebb::runtime_info().collector_running) std::this_thread::yield();
  check_balance(pool.stats());
  check(token::alive == 0, "the background collector lost an object");
}

// Not one piece of memory more for a pool that comes after others have gone.
void many_pools() {
  const auto some = [](int count) {
    for (int i = 0; i < count; ++i) {
      pool_type pool(options{.max_idle = 4, .max_loaded = 1});
      std::uint64_t adopted = 0;
      attempt([&] {
        std::vector<handle> held(8);
        pool.get_n(held);
        pool.put_n(held);
        pool.put(std::make_unique<token>());
        ++adopted;
      });
      check_balance(pool.stats(), adopted);
    }
    check(token::alive == 0, "an object survives its pool");
  };
  some(2);
  const std::size_t mapped = failing::mapped();
  some(40);
  check(failing::mapped() <= mapped + (std::size_t{64} << 10), "pools that are gone keep memory");
}

constexpr scenario table[] = {
    {"objects", objects},
    {"objects under a bound", objects_under_a_bound},
    {"changing budgets", changing_budgets},
    {"background collector", background_collector},
    {"many pools", many_pools},
};

}  // namespace

std::span<const scenario> object_scenarios() noexcept { return table; }
