#include <ebb/detail/block_pools.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <ebb/pool_resource.hpp>

#include "registry.hpp"

namespace ebb::detail {

namespace {

constexpr std::size_t smallest_limit = 256;
constexpr std::size_t greatest_limit = std::size_t{1024} * 1024;

// Checks the options; returns the size of the largest class.
std::size_t largest_class(const pool_resource_options& o, const std::pmr::memory_resource* upstream) {
  if (upstream == nullptr) {
    throw std::invalid_argument("ebb::pool_resource \"" + o.name +
                                "\": upstream is null; valid is any memory_resource that outlives it");
  }
  if (o.largest_pooled_bytes < smallest_limit || o.largest_pooled_bytes > greatest_limit) {
    throw std::invalid_argument("ebb::pool_resource \"" + o.name + "\": options.largest_pooled_bytes is " +
                                std::to_string(o.largest_pooled_bytes) + "; valid are " +
                                std::to_string(smallest_limit) + " to " + std::to_string(greatest_limit));
  }
  return plain_class_bytes(o.largest_pooled_bytes);
}

std::string label(const block_source& source, const std::string& what) {
  return source.name.empty() ? what : source.name + ", " + what;
}

std::string label(const block_source& source, std::size_t bytes, std::size_t alignment) {
  std::string what = "blocks of " + std::to_string(bytes) + " bytes";
  if (alignment > plain_alignment) what += ", aligned to " + std::to_string(alignment);
  return label(source, what);
}

void never_idle(void* /*block*/, void* /*context*/) noexcept {}

}  // namespace

block_set::block_set(std::size_t capacity)
    : capacity_(capacity),
      origins_(std::make_unique<block_origin[]>(capacity)),
      classes_(std::allocator<pool_core>().allocate(capacity)) {}

// Delegates, so that the destructor runs when a name cannot be allocated.
block_set::block_set(const block_source& source, std::size_t alignment, std::size_t largest_bytes)
    : block_set(class_of_last_unit((largest_bytes >> log2_of_unit(alignment)) - 1) + 1) {
  for (; count_ < capacity_; ++count_) {
    const std::size_t bytes = units_of_class(count_) << log2_of_unit(alignment);
    origins_[count_] = {.upstream = source.upstream, .bytes = bytes, .alignment = alignment};
    new (classes_ + count_)
        pool_core({.destroy = source.destroy,
                   .context = &origins_[count_],
                   .bytes = bytes,
                   .pool_type = source.pool_type},
                  {.max_loaded = max_loaded_of(bytes), .shared = source.budget, .weight = bytes},
                  label(source, bytes, alignment));
  }
}

block_set::~block_set() {
  for (pool_core& c : *this) c.close();
  std::destroy(begin(), end());
  std::allocator<pool_core>().deallocate(classes_, capacity_);
}

block_pools::block_pools(const pool_resource_options& o, std::pmr::memory_resource* upstream,
                         void (*destroy)(void*, void*) noexcept, const char* pool_type)
    : small_(std::min(small_bytes, largest_class(o, upstream))),
      largest_(plain_class_bytes(o.largest_pooled_bytes)),
      budget_(o.max_idle_bytes),
      source_{.upstream = upstream,
              .destroy = destroy,
              .pool_type = pool_type,
              .name = o.name,
              .budget = &budget_},
      unpooled_({.destroy = never_idle, .context = nullptr, .bytes = 0, .pool_type = pool_type}, {},
                label(source_, "blocks that are not pooled")) {
  make_set(plain_alignment);
  plain_ = sets_[0].load(std::memory_order_relaxed)->begin();  // relaxed: stored by this thread
}

block_pools::~block_pools() {
  for (const auto& set : sets_) delete set.load(std::memory_order_acquire);  // edge block-set
  registry::forget(budget_);
}

bool block_pools::is_pooled(std::size_t bytes, std::size_t alignment) const noexcept {
  const std::size_t last_byte = bytes == 0 ? 0 : bytes - 1;
  return alignment <= max_pooled_alignment && (last_byte | (alignment - 1)) < largest_;
}

pool_core* block_pools::find(std::size_t bytes, std::size_t alignment) const noexcept {
  if (!is_pooled(bytes, alignment)) return nullptr;
  const block_set* const set =
      sets_[set_of_alignment(alignment)].load(std::memory_order_acquire);  // edge block-set
  if (set == nullptr) return nullptr;
  const std::size_t last_byte = bytes == 0 ? 0 : bytes - 1;
  return set->begin() + class_of_last_unit(last_byte >> log2_of_unit(alignment));
}

pool_core* block_pools::find_or_make(std::size_t bytes, std::size_t alignment) {
  if (pool_core* const found = find(bytes, alignment)) return found;
  if (!is_pooled(bytes, alignment)) return nullptr;
  make_set(alignment);
  return find(bytes, alignment);
}

void block_pools::make_set(std::size_t alignment) {
  auto made = std::make_unique<block_set>(source_, alignment, largest_);
  block_set* missing = nullptr;
  // Edge block-set, release half (acquire half: find).
  //   Publishes:   the classes of a new set.
  //   If relaxed:  a thread uses a pool_core that is not constructed yet.
  //   Checked by:  the model checker, mutants block-set-release and block-set-acquire....
  // relaxed on failure: the loser looks again with find().
  if (sets_[set_of_alignment(alignment)].compare_exchange_strong(
          missing, made.get(), std::memory_order_release, std::memory_order_relaxed)) {
    (void)made.release();
  }
}

void block_pools::set_max_idle_bytes(std::uint64_t bytes) noexcept {
  budget_.set_limit(bytes);
  registry::bounds_changed(budget_);
}

pool_stats block_pools::stats() const noexcept {
  pool_stats sum;
  for_each([&](const pool_core& c) { sum += c.stats(); });
  return sum;
}

std::size_t block_pools::idle_bytes() const noexcept {
  std::size_t sum = 0;
  for_each([&](const pool_core& c) { sum += c.stats().idle * c.traits().bytes; });
  return sum;
}

}  // namespace ebb::detail
