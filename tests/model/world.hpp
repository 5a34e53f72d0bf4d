// Stands for src/runtime.cpp and src/collector_thread.cpp: a process without rseq, with a few shards, and
// no thread but those of the scenario. Included once by the file of a scenario, before the parts of the
// library that it needs (#include "pool_core.cpp"): one translation unit, so that a mutant is built by one
// call.
#pragma once

#include <array>
#include <cstring>

#include <ebb/detail/magazine_store.hpp>
#include <ebb/detail/percpu/percpu.hpp>

#include "checked.hpp"

// The parts of the library that every scenario needs.
#include "block_arena.cpp"
#include "magazine_store.cpp"

namespace ebb::model {

// The most that a scenario may ask for with begin().
inline constexpr std::uint32_t most_shards = 2;
inline std::uint32_t shards = 1;

// The first call of a scenario.
inline void begin(std::uint32_t shard_count) {
  shards = shard_count;
  alignas(128) static std::byte empties[most_shards * detail::magazine_store::bytes_per_shard];
  detail::magazines().set_shards(empties, shards);
  name(empties, sizeof empties, "empties");
  detail::percpu::fallback::place = {0, detail::percpu::fallback::never_look};
  local_to_each_thread(&detail::percpu::fallback::place, sizeof detail::percpu::fallback::place);
}

// The running thread works on this shard, as long as it is free.
inline void act_as(std::uint32_t id) { detail::percpu::fallback::place.id = id; }

// An object. Its owner writes to it, so two owners are a race, and so is one who sees it half-written.
struct token {
  int uses = 0;
  int taken = 0;  // at the end: how often it was found
  void use() noexcept { ++uses; }
};

// The objects of a scenario, each of which has to be somewhere exactly once in the end.
template <std::size_t N>
struct tokens {
  std::array<token, N> all;
  [[nodiscard]] token* operator[](std::size_t i) noexcept { return &all[i]; }
  static void found(void* t) noexcept { ++static_cast<token*>(t)->taken; }
  void check_each_found_once() noexcept {
    for (const token& t : all) {
      check(t.taken >= 1, "an object is lost");
      check(t.taken <= 1, "an object is in two places");
    }
  }
};

inline void use(void* t) noexcept { static_cast<token*>(t)->use(); }

}  // namespace ebb::model

namespace ebb::detail::percpu {

const rseq_layout layout{0, 0};
thread_local constinit fallback::thread_place fallback::place;
void fallback::look(thread_place& of_this_thread) noexcept { of_this_thread.uses_left = never_look; }

}  // namespace ebb::detail::percpu
