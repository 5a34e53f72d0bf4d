#include <ebb/detail/buffer_tiers.hpp>

#include <string.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <ebb/buffer_pool.hpp>

#include "registry.hpp"
#include "runtime.hpp"

namespace ebb::detail {

namespace {

constexpr std::size_t max_alignment = std::size_t{2} * 1024 * 1024;  // a huge page on most machines

[[noreturn]] void refuse(const buffer_pool_options& o, const char* option, std::size_t value,
                         const std::string& valid) {
  throw std::invalid_argument("ebb::buffer_pool \"" + o.name + "\": options." + option + " is " +
                              std::to_string(value) + "; valid are " + valid);
}

const buffer_pool_options& checked(const buffer_pool_options& o) {
  if (o.min_bytes == 0) {
    refuse(o, "min_bytes", 0, "1 to max_bytes, which is " + std::to_string(o.max_bytes));
  }
  if (o.max_bytes < o.min_bytes || o.max_bytes > PTRDIFF_MAX) {
    refuse(o, "max_bytes", o.max_bytes,
           "min_bytes, which is " + std::to_string(o.min_bytes) + ", to " + std::to_string(PTRDIFF_MAX));
  }
  if (!std::has_single_bit(o.alignment) || o.alignment > max_alignment) {
    refuse(o, "alignment", o.alignment, "powers of two from 1 to " + std::to_string(max_alignment));
  }
  return o;
}

// Tiers of min 2^i below max, and max.
std::size_t tiers_between(std::size_t min, std::size_t max) noexcept {
  std::size_t count = 1;
  for (std::size_t left = max; left > min; left = left / 2 + left % 2) ++count;
  return count;
}

}  // namespace

void wipe(void* bytes, std::size_t count) noexcept { ::explicit_bzero(bytes, count); }

buffer_tiers::buffer_tiers(const buffer_pool_options& o, buffer_owner& owner,
                           void (*destroy)(void*, void*) noexcept, const char* pool_type)
    : straight_max_(o.on_get == scrub::nothing && o.on_put == scrub::nothing ? o.max_bytes : 0),
      below_((std::bit_ceil(checked(o).min_bytes) - 1) | 1),
      log2_of_below_(static_cast<std::size_t>(std::bit_width(below_) - 1)),
      min_(o.min_bytes),
      max_(o.max_bytes),
      alignment_(std::max(o.alignment, alignof(void*))),
      budget_(o.max_idle_bytes) {
  const std::size_t wanted = tiers_between(min_, max_);
  // What the shards may set aside of the budget in one tier.
  const std::size_t share = o.max_idle_bytes / (2 * wanted * this_runtime().shards);

  tiers_ = {std::allocator<buffer_tier>().allocate(wanted), {.capacity = wanted}};
  std::size_t& built = tiers_.get_deleter().count;
  for (std::size_t bytes = min_; built < wanted; ++built) {
    buffer_tier* const tier = &tiers_[built];
    const std::uint32_t max_loaded = max_loaded_of(bytes);
    new (tier) buffer_tier(
        {.owner = &owner,
         .capacity = bytes,
         .straight = straight_max_ != 0,
         .zeroes = o.on_get == scrub::zero},
        {.destroy = destroy, .context = tier, .bytes = bytes, .pool_type = pool_type},
        {.max_loaded = static_cast<std::uint32_t>(std::clamp<std::size_t>(share / bytes, 1, max_loaded)),
         .shared = &budget_,
         .weight = bytes,
         .is_tier = true},
        o.name);
    bytes = bytes > max_ / 2 ? max_ : bytes * 2;
  }
}

buffer_tiers::~buffer_tiers() { registry::forget(budget_); }

void buffer_tiers::set_max_idle_bytes(std::uint64_t bytes) noexcept {
  budget_.set_limit(bytes);
  registry::bounds_changed(budget_);
}

void destroy_tiers::operator()(buffer_tier* tiers) const noexcept {
  std::destroy_n(tiers, count);
  std::allocator<buffer_tier>().deallocate(tiers, capacity);
}

buffer_tier* buffer_tiers::for_block(std::size_t capacity) noexcept {
  if (capacity < min_ || capacity > max_) return nullptr;
  buffer_tier* const tier = &for_request(capacity);
  return tier->capacity > capacity ? tier - 1 : tier;
}

std::byte* buffer_tiers::allocate(std::size_t bytes) const {
  void* data = nullptr;
  if (alignment_ <= alignof(std::max_align_t)) {
    data = std::malloc(bytes);
  } else if (::posix_memalign(&data, alignment_, bytes) != 0) {
    data = nullptr;
  }
  if (data == nullptr) throw std::bad_alloc();
  return static_cast<std::byte*>(data);
}

bool buffer_tiers::is_aligned(const void* data) const noexcept {
  return reinterpret_cast<std::uintptr_t>(data) % alignment_ == 0;
}

}  // namespace ebb::detail
