// make(), recycle(), bytes(), on_evict() and destructors that throw, refuse, or come back to the pools.
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pools.hpp>

#include "scenario.hpp"

namespace {

using pool_type = ebb::object_pool<token>;

// The call back that is to do something.
struct director {
  std::uint64_t target = 0;
  deed what = deed::throws;
  std::uint64_t seen = 0;
  bool busy = false;  // what a deed causes is not counted
  std::uint64_t adopted = 0;
  pool_type* pool = nullptr;
  std::size_t max_idle = ebb::unlimited;
};
director now;

constexpr std::size_t usual_bytes = 100;
constexpr std::size_t most_bytes = 1000 * usual_bytes;

void come_back(deed d) {
  switch (d) {
    case deed::gets_and_puts: (void)now.pool->get(); break;
    case deed::puts_new:
      ++now.adopted;
      now.pool->put(std::make_unique<token>());
      break;
    case deed::works_in_bulk: {
      std::array<ebb::pooled<token>, 20> some;
      now.pool->get_n(some);
      now.pool->put_n(some);
      break;
    }
    case deed::collects:
      ebb::collect();
      ebb::collect();
      break;
    case deed::uses_another_pool: {
      pool_type other;
      const auto a = other.get();
      (void)other.get();
      break;
    }
    case deed::drains:
      (void)now.pool->drain();
      (void)ebb::drain_all();
      break;
    case deed::changes_bounds:
      now.pool->set_max_idle(2);
      now.pool->set_max_idle_bytes(3 * usual_bytes);
      now.pool->set_max_idle_bytes(most_bytes);
      now.pool->set_max_idle(now.max_idle);
      break;
    case deed::throws:
    case deed::refuses: break;
  }
}

// Whether the caller shall throw, or refuse.
bool called_back() {
  if (now.busy || now.pool == nullptr || ++now.seen != now.target) return false;
  now.busy = true;
  come_back(now.what);
  now.busy = false;
  return now.what == deed::throws || now.what == deed::refuses;
}

std::unique_ptr<token> make() {
  if (called_back()) {
    if (now.what == deed::throws) throw refused();
    return nullptr;
  }
  return std::make_unique<token>();
}

bool recycle(token& t) {
  if (!called_back()) return true;
  t.spoiled = true;
  if (now.what == deed::throws) throw refused();
  return false;
}

std::size_t bytes(const token& t) {
  if (!called_back()) return usual_bytes;
  if (now.what != deed::throws && now.what != deed::refuses) return usual_bytes;
  t.spoiled = true;
  if (now.what == deed::throws) throw refused();
  return most_bytes + 1;
}

void on_evict(token& /*dies*/, ebb::eviction_reason /*why*/) { (void)called_back(); }

void on_death() { (void)called_back(); }

// Get and put in all ways; what was refused is tried no more.
void use(pool_type& pool) {
  const auto tried = [](auto&& work) {
    try {
      work();
    } catch (const refused&) {
    } catch (const std::logic_error&) {  // make() returned null
    }
  };
  const auto take = [&](std::size_t count) {
    std::vector<ebb::pooled<token>> held;
    held.reserve(count);
    for (std::size_t i = 0; i < count; ++i) tried([&] { held.push_back(pool.get()); });
    for (const auto& h : held) check(!h->spoiled, "an object whose recycle() threw is handed out");
  };
  take(6);
  take(3);
  tried([&] {
    std::array<ebb::pooled<token>, 8> some;
    pool.get_n(some);
    pool.put_n(some);
  });
  ebb::collect();
  take(2);
  tried([&] {
    std::vector<ebb::pooled<token>> some;
    some.reserve(9);
    (void)pool.get_n(std::back_inserter(some), 9);
  });
  ebb::collect();
  ebb::collect();
  take(2);
}

}  // namespace

bool run_callbacks(std::uint64_t i, deed d) {
  for (const std::size_t max_idle : {ebb::unlimited, std::size_t{4}}) {
    now = {.target = i, .what = d, .max_idle = max_idle};
    token::on_death = on_death;
    std::optional<pool_type> pool;
    pool.emplace(ebb::object_pool_options<token>{.make = make,
                                                 .recycle = recycle,
                                                 .max_idle = max_idle,
                                                 .max_idle_bytes = most_bytes,
                                                 .bytes = bytes,
                                                 .on_evict = on_evict});
    now.pool = &*pool;
    use(*pool);
    check_balance(pool->stats(), now.adopted);
    check(static_cast<std::uint64_t>(token::alive) == pool->stats().idle,
          "an object is lost, or was never freed");
    pool.reset();  // its destructors call back, too
    now.pool = nullptr;
    token::on_death = nullptr;
    check(token::alive == 0, "an object survives its pool");
  }
  return i != 0 && now.seen >= i;
}
