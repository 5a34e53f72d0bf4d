// The walk over a whole pool: get and put as users have them inlined, interrupted once and twice by gets,
// puts, migrations and cycles. Afterwards the pool is closed, and each object must be in one place: with
// the caller, with whoever came in between, or destroyed.
//
//   pool_walk LIST
//
// Exit: as walk.cpp.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>

#include <ebb/collector.hpp>

#include "breakpoints.hpp"
#include "indexes.hpp"
#include "pool_sections.hpp"
#include "runtime.hpp"

namespace {

using namespace ebb::walk;
using ebb::detail::pool_core;

enum class hostile { nothing, get, put, collect, migrate, migrate_put, get_all };
constexpr std::array<const char*, 7> names{"nothing", "get",         "put",    "collect",
                                           "migrate", "migrate_put", "get_all"};
constexpr unsigned max_loaded = 6;
constexpr std::array<unsigned, 6> fills{0, 1, 3, max_loaded, max_loaded + 1, 3 * max_loaded};

constexpr std::size_t objects = 64;
std::array<std::byte, objects> object;  // their addresses are what the pool keeps
std::array<int, objects> found;         // how often each was seen when the case was over
std::array<void*, objects> held;        // by who came in between
std::size_t held_count = 0;
std::size_t next_object = 0;

std::optional<pool_core> core;
kernel_index* cpus = nullptr;
const char* function = "";
std::array<const boundary*, 2> at{};
std::array<hostile, 2> what{};
unsigned fill_level = 0;
unsigned hits = 0;
bool is_wrong = false;
unsigned long long cases = 0, violations = 0;

void* fresh() noexcept { return &object[next_object++]; }
void see(const void* p) noexcept {
  ++found[static_cast<std::size_t>(static_cast<const std::byte*>(p) - object.data())];
}

void act(hostile h) noexcept {
  if (h == hostile::migrate || h == hostile::migrate_put) cpus->migrate();
  if (h == hostile::put || h == hostile::migrate_put) core->put(fresh());
  if (h == hostile::collect) ebb::collect();
  if (h == hostile::get || h == hostile::get_all) {
    do {
      void* const got = core->get();
      if (got == nullptr) return;
      held[held_count++] = got;
    } while (h == hostile::get_all);
  }
}

void on_stop(code* stopped_at, bool restarted) noexcept {
  const unsigned level = hits++;
  if (restarted != (section_at(stopped_at) != nullptr)) is_wrong = true;
  act(what[level]);
  if (level == 0 && at[1] != nullptr) arm(at[1]->at);
}

void describe() noexcept {
  std::printf("%s, filled with %u", function, fill_level);
  for (unsigned i = 0; i < 2 && at[i] != nullptr; ++i) {
    std::printf("; %s at +0x%lx (%s)", names[static_cast<unsigned>(what[i])],
                static_cast<unsigned long>(at[i]->offset), at[i]->text.c_str());
  }
  std::puts("");
  std::fflush(stdout);
}

void run(bool is_get) {
  if (violations >= 20) return;
  core.emplace(ebb::detail::object_traits{.destroy = [](void* p, void*) noexcept { see(p); },
                                          .context = nullptr,
                                          .bytes = 1,
                                          .pool_type = "walk"},
               ebb::detail::pool_limits{
                   .max_idle = ~std::size_t{0}, .max_loaded = max_loaded, .shared = nullptr, .weight = 1},
               "walk");
  found.fill(0);
  held_count = next_object = hits = 0;
  is_wrong = false;
  for (unsigned i = 0; i < fill_level; ++i) core->put(fresh());
  void* const last = fill_level == 0 ? nullptr : &object[fill_level - 1];
  void* const given = is_get ? nullptr : fresh();
  next_case();
  arm(at[0]->at);
  void* got = nullptr;
  if (is_get) {
    got = walk_get(*core);
  } else {
    walk_put(*core, given);
  }
  disarm();
  // Interrupted by nothing, it is the last in that is the first out.
  const bool alone = std::all_of(what.begin(), what.end(), [](hostile h) { return h == hostile::nothing; });
  if (is_get && alone && got != last) is_wrong = true;
  if (got != nullptr) see(got);
  std::for_each_n(held.begin(), held_count, see);
  core->close();
  core.reset();
  if (hits == (at[1] != nullptr ? 2u : 1u)) ++cases;
  for (std::size_t i = 0; i < objects; ++i) is_wrong = is_wrong || found[i] != (i < next_object ? 1 : 0);
  if (is_wrong && violations++ < 3) {
    std::printf("VIOLATION: an object is lost, or in two places, or the section did not start again: ");
    describe();
  }
}

void walk(const char* list, bool is_get) {
  function = is_get ? "get" : "put";
  const void* const start =
      is_get ? reinterpret_cast<const void*>(&walk_get) : reinterpret_cast<const void*>(&walk_put);
  auto all = read_boundaries(list, function, start);
  for (boundary& first : all) {
    for (std::size_t second = 0; second <= all.size(); ++second) {  // the last: none
      for (const unsigned f : fills) {
        for (std::size_t a = 0; a < names.size() * names.size(); ++a) {
          at = {&first, second < all.size() ? &all[second] : nullptr};
          what = {static_cast<hostile>(a % names.size()), static_cast<hostile>(a / names.size())};
          fill_level = f;
          // Migrations are the kernel's, and slow: only where there is one interruption.
          const auto migrates = [](hostile h) {
            return h == hostile::migrate || h == hostile::migrate_put;
          };
          if (at[1] == nullptr && a >= names.size()) continue;
          if ((at[1] != nullptr || !cpus->can_migrate()) && (migrates(what[0]) || migrates(what[1])))
            continue;
          run(is_get);
          first.hit = first.hit || hits > 0;
          if (at[1] != nullptr) all[second].hit = all[second].hit || hits > 1;
        }
      }
    }
  }
  const auto hit = std::count_if(all.begin(), all.end(), [](const boundary& b) { return b.hit; });
  std::printf("  %s: %td of %zu instruction boundaries hit\n", function, hit, all.size());
  if (static_cast<std::size_t>(hit) != all.size()) ++violations;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("pool_walk: one argument, the list of boundaries\n", stderr);
    return 2;
  }
  if (!ebb::detail::percpu::has_rseq()) {
    std::printf("skipped: %s\n", ebb::detail::this_runtime().reason);
    return 77;
  }
  ebb::set_cycle_period(std::chrono::milliseconds{0});  // the only cycles are those of the walk
  kernel_index index;
  cpus = &index;
  if (!index.can_migrate()) std::puts("  ONE CPU ONLY: nothing migrates in this walk");
  watch(on_stop, describe);
  walk(argv[1], true);
  walk(argv[1], false);
  std::printf("cases %llu violations %llu\n", cases, violations);
  return violations == 0 ? 0 : 1;
}
