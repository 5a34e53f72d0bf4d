// The tiers of a buffer_pool: which capacities there are, and which of them a request or a block belongs
// to.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <ebb/detail/buffer_home.hpp>
#include <ebb/detail/idle_budget.hpp>

namespace ebb {

struct buffer_pool_options;

namespace detail {

// Overwrites bytes with zeros; no compiler may leave that out.
EBB_API void wipe(void* bytes, std::size_t count) noexcept;

// A pool_core does not move, so tiers are built in place, and not in a std::vector.
struct destroy_tiers {
  std::size_t count = 0;     // constructed
  std::size_t capacity = 0;  // allocated
  void operator()(buffer_tier* tiers) const noexcept;
};

class EBB_API buffer_tiers {
 public:
  // Tiers of min, 2 min, 4 min ... below max, and max [vitess bucketpool]. `destroy` gets the buffer_tier
  // as its context. Throws std::invalid_argument when an option is out of range.
  buffer_tiers(const buffer_pool_options& o, buffer_owner& owner, void (*destroy)(void*, void*) noexcept,
               const char* pool_type);
  ~buffer_tiers();
  buffer_tiers(const buffer_tiers&) = delete;
  buffer_tiers& operator=(const buffer_tiers&) = delete;

  [[nodiscard]] std::size_t count() const noexcept { return tiers_.get_deleter().count; }
  [[nodiscard]] buffer_tier& operator[](std::size_t i) noexcept { return tiers_[i]; }
  [[nodiscard]] const buffer_tier& operator[](std::size_t i) const noexcept { return tiers_[i]; }
  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_; }
  // Whether for_request() can serve it, and what is got and put there needs no scrubbing. False for 0
  // bytes.
  [[nodiscard]] EBB_FAST_PATH bool is_straight(std::size_t bytes) const noexcept {
    return bytes - 1 < straight_max_;
  }
  [[nodiscard]] const std::string& name() const noexcept { return tiers_[0].core.name(); }

  // The smallest tier for 1 .. max_bytes() bytes.
  //
  // With 2^(a-1) < n <= 2^a and 2^(b-1) < min <= 2^b, min 2^(a-b-1) is at most 2^(a-1), too small, and
  // min 2^(a-b+1) is more than 2^a, large enough. So the tier is a - b, or the next one. `below_` makes all
  // that is not above 2^b look like 2^b.
  [[nodiscard]] EBB_FAST_PATH buffer_tier& for_request(std::size_t bytes) noexcept {
    // Not std::bit_width(), which would also serve 0.
    const auto log2 = static_cast<std::size_t>(63 ^ __builtin_clzl((bytes - 1) | below_));
    buffer_tier* const tier = &tiers_[log2 - log2_of_below_];
    if (tier->capacity < bytes) [[unlikely]]
      return tier[1];
    return *tier;
  }
  // The largest tier that a block of this capacity can serve; null below the first and above the last.
  // By *floor*: filed any higher, it would be handed out to somebody who writes behind its end.
  [[nodiscard]] buffer_tier* for_block(std::size_t capacity) noexcept;

  // `bytes` with the alignment of the options. Throws std::bad_alloc.
  [[nodiscard]] std::byte* allocate(std::size_t bytes) const;
  [[nodiscard]] bool is_aligned(const void* data) const noexcept;

  // What is over is freed before it returns.
  void set_max_idle_bytes(std::uint64_t bytes) noexcept;

 private:
  std::size_t straight_max_;   // max_, or 0 where every buffer has to be scrubbed
  std::size_t below_;          // 2^b - 1, at least 1
  std::size_t log2_of_below_;  // rounded down
  std::size_t min_;
  std::size_t max_;
  std::size_t alignment_;
  std::unique_ptr<buffer_tier[], destroy_tiers> tiers_;
  idle_budget budget_;  // bytes, for all tiers
};

}  // namespace detail
}  // namespace ebb
