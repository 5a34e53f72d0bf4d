// What one pool promises to a single thread, in plain C++ and without knowing how the pool does it.
//
// The thread acts under one of a few shard ids. Of each id the model knows the objects that were put under
// it, in order, for as long as nothing can have moved them: a get under the same id must return the last of
// them. Of all other idle objects it only knows whether they are young, or old: idle since before the last
// cycle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ebb/eviction.hpp>
#include <ebb/stats.hpp>
#include <ebb/steal.hpp>

namespace ebb::fuzz {

inline constexpr std::uint32_t ids = 4;  // as many shards as the portable path has with one CPU

class pool_model;

enum class place : std::uint8_t { nowhere, held, entering, young, old, doomed };

struct object {
  place where = place::nowhere;
  bool has_child = false;  // whose destructor puts another object into the pool
  std::uint32_t at = 0;    // in its pool's list of idle objects
  pool_model* pool = nullptr;
};

class pool_model {
 public:
  struct bounds {
    std::uint64_t max_idle = ~std::uint64_t{0};  // of this pool alone
    std::uint32_t max_loaded = 1;
    std::uint32_t shards = 1;  // of the process
    bool shared = false;       // max_idle is what the pool gets where others leave it all
    steal stealing = steal::all;
  };
  explicit pool_model(const bounds& b) noexcept : bounds_(b), limit_(b.max_idle) {}

  // --- what callers do ---------------------------------------------------------------------------
  void made(object& o);
  // A get under `id` returned this.
  void got(std::uint32_t id, object& o);
  // A get under `id` found nothing.
  void found_nothing(std::uint32_t id, bool counted);
  void enters(object& o);                     // before put
  void entered(std::uint32_t id, object& o);  // after put, unless it was destroyed
  void rejected(object& o);                   // before drop()
  [[nodiscard]] bool does_exist() const noexcept { return exists_; }
  void exists() noexcept { exists_ = true; }  // put or put_n was called
  void moved_about() noexcept;                // scatter, or a put_n that may go past the shard

  // --- the end of objects --------------------------------------------------------------------------
  // A cycle that the kernel lets happen. Idle objects that have been old before are doomed; of those that
  // age, as many may be spared as are to be kept.
  void cycle(eviction_reason why);
  // The fence was refused: what was doomed by an earlier cycle of the same drain is old again.
  void refused();
  void closes();
  // The pool calls the destructor. `nested`: while it destroys another object.
  void destroyed(object& o, eviction_reason why, bool nested);
  // Everything that had to die is dead.
  void settled();

  // --- bounds that change ----------------------------------------------------------------------------
  void set_limit(std::uint64_t objects) noexcept { limit_ = objects; }
  // From when a bound is lowered until what was over is destroyed, puts of children destroy others for
  // room.
  void set_changing(bool on);
  void starts_to_keep_nothing() noexcept { idle_before_ = idle(); }
  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
  void keep_at_least(std::uint64_t objects) noexcept { keep_ = objects; }
  // Of all pools: the process has a budget; nothing that is put may stay.
  static inline bool has_process_budget = false;
  static inline bool keeps_nothing = false;
  // The library may have run a cycle over this pool, to get below a bound.
  void follow(std::uint64_t cycles) {
    if (cycles != counted_.cycles) cycle(eviction_reason::aged);
  }
  // How many were destroyed because they were over a budget.
  [[nodiscard]] std::uint64_t over_budget() const noexcept { return counted_.dropped_over_budget; }
  [[nodiscard]] std::uint64_t young() const noexcept { return young_; }

  void check(const pool_stats& s) const;

  [[nodiscard]] std::uint64_t idle() const noexcept { return young_ + old_ + doomed_; }
  // Objects that one shard may have loaded.
  [[nodiscard]] std::uint64_t loaded() const noexcept;
  [[nodiscard]] bool is_rejecting() const noexcept { return rejecting_; }

 private:
  // Whether a put may find no room.
  [[nodiscard]] bool may_be_full() const noexcept;
  void joins_idle(object& o);
  void leaves_idle(object& o);
  void destroyed_at_put(eviction_reason why, bool nested);
  void count(eviction_reason why) noexcept;

  const bounds bounds_;
  std::uint64_t limit_;  // what max_idle is now
  std::uint64_t keep_ = 0;
  eviction_reason doomed_for_ = eviction_reason::aged;
  std::uint64_t may_die_ = 0;   // of those that are doomed; the others are kept
  std::uint64_t may_stay_ = 0;  // of those that are doomed
  std::array<std::vector<object*>, ids> known_;
  std::vector<object*> all_;  // idle ones, in no order
  std::uint64_t young_ = 0;
  std::uint64_t old_ = 0;
  std::uint64_t doomed_ = 0;
  std::uint64_t entering_ = 0;
  bool exists_ = false;
  bool closing_ = false;
  bool rejecting_ = false;
  bool changing_ = false;
  bool young_went_ = false;  // while changing
  std::uint64_t idle_before_ = 0;
  pool_stats counted_;
  std::uint64_t gets_ = 0;
  std::uint64_t puts_ = 0;
};

}  // namespace ebb::fuzz
