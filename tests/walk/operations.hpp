// What is walked, and what it is walked over: the operations, and the hostile actions of those who come in
// between. Each has a replay in plain C++ on a description of the world.
#pragma once

#include <ebb/detail/percpu/percpu.hpp>

#include "world.hpp"

namespace ebb::walk {

enum class op { pop, push, pop_n, push_n, exchange_top, add, exchange };
inline constexpr std::array<const char*, 7> op_names{"pop",          "push", "pop_n",   "push_n",
                                                     "exchange_top", "add",  "exchange"};
inline constexpr bool uses_words(op what) noexcept { return what == op::add || what == op::exchange; }

enum class action {
  nothing,       // the signal alone: the section starts again
  pop,           // another thread pops, on the same CPU
  push,          //
  load,          // ... loads another magazine and goes off with the one that was there
  collect,       // the collector: other bank, fence, and takes what the retired one has loaded
  migrate,       // this thread goes on under the other place's id
  migrate_push,  // ... and pushes there
  left_pops,     // this thread migrates, and another pops on the CPU that it left
  left_pushes,   //
  add,           // the same for the words
  exchange,
  migrate_add,
  left_adds,
};
inline constexpr std::array<const char*, 13> action_names{
    "nothing",   "pop",         "push", "load",     "collect",     "migrate",  "migrate_push",
    "left_pops", "left_pushes", "add",  "exchange", "migrate_add", "left_adds"};
inline constexpr bool migrates(action a) noexcept {
  return a == action::migrate || a == action::migrate_push || a == action::left_pops ||
         a == action::left_pushes || a == action::migrate_add || a == action::left_adds;
}

// What an operation told its caller.
inline constexpr std::uint32_t bulk = 4;  // how many pop_n and push_n are asked for
struct outcome {
  std::uint64_t value = 0;  // refused or not, a number, or what was in the word
  std::array<void*, bulk> objects{};
  std::uint32_t id = 0;
  bool operator==(const outcome&) const = default;
};
inline constexpr std::uint32_t no_id = ~std::uint32_t{0};
[[nodiscard]] inline void* untouched() noexcept { return reinterpret_cast<void*>(std::uintptr_t{0xdead}); }

// The arguments of a walked operation.
struct request {
  op what = op::pop;
  std::array<void*, bulk> objects{};  // to push; the first also for exchange
  std::uint64_t n = 0;                // to add
  int expected = none;                // exchange_top: a magazine,
  std::uint32_t expected_count = 0;   // ... what it holds,
  int desired = none;                 // ... and the one to load
  bool operator==(const request&) const = default;
};

// Calls walk_<what>.
outcome perform(const request& r, world& w, const percpu::rseq_layout& at) noexcept;
// What it would have done if nothing had come in between.
outcome replay(const request& r, description& d, int place, const world& w) noexcept;

// Something that came in between.
struct event {
  action what = action::nothing;
  unsigned role = 0;  // the first or the second of its case: its objects and magazine differ
  int from = 0;       // places
  int to = 0;
  outcome out;
};

// How a thread migrates and what id it then has: the kernel's, or a made up one.
class index_source {
 public:
  index_source() = default;
  index_source(const index_source&) = delete;
  index_source& operator=(const index_source&) = delete;
  virtual ~index_source() = default;
  [[nodiscard]] virtual const percpu::rseq_layout& layout() const noexcept = 0;
  virtual void migrate() noexcept = 0;
  [[nodiscard]] std::uint32_t current() const noexcept { return percpu::arch::current_id(layout()); }
};

// Carries out the action; false if the kernel gave this thread an id that is not the case's.
bool act(event& e, world& w, index_source& index) noexcept;
void replay(const event& e, description& d, const world& w, outcome& out) noexcept;

}  // namespace ebb::walk
