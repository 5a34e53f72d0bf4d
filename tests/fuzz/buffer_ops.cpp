// Operations on a buffer_pool: each buffer is full of a pattern of its own, which must still be there
// whenever somebody looks.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>

#include "runtime.hpp"
#include "target.hpp"

namespace ebb::fuzz {

namespace {

class buffer_world {
 public:
  explicit buffer_world(input& in) : in_(in), options_(options(in)), pool_(options_) {
    std::size_t bytes = options_.min_bytes;
    for (std::size_t i = 0; i < pool_.tier_count(); ++i) {
      EBB_FUZZ_CHECK(pool_.tier_bytes(i) == std::min(bytes, options_.max_bytes));
      bytes *= 2;
    }
    EBB_FUZZ_CHECK(pool_.tier_bytes(pool_.tier_count() - 1) == options_.max_bytes);
  }
  ~buffer_world() { detail::percpu::fallback::place = {}; }
  buffer_world(const buffer_world&) = delete;
  buffer_world& operator=(const buffer_world&) = delete;

  void run() {
    for (int steps = 0; !in_.empty() && steps < 200; ++steps) step();
    for (slot& s : slots_) verify(s);
  }

 private:
  struct slot {
    pooled_buffer buffer;
    std::uint8_t pattern = 0;
  };

  static buffer_pool_options options(input& in) {
    buffer_pool_options o;
    o.min_bytes = 1 + in.byte();
    o.max_bytes = o.min_bytes + std::size_t{in.byte()} * (1 + in.below(16));
    const std::uint8_t kind = in.byte();
    if (kind % 4 == 0) o.alignment = std::size_t{1} << kind / 4 % 8;
    if (kind & 32) o.on_get = scrub::zero;
    if (kind & 64) o.on_put = scrub::zero;
    if (kind & 128) o.max_idle_bytes = std::size_t{in.byte()} * 32;
    return o;
  }

  std::size_t some_size() {
    const std::size_t fraction = in_.byte();
    return options_.max_bytes * fraction / 200 + in_.below(3);
  }

  static void fill(slot& s, std::uint8_t pattern) {
    s.pattern = pattern;
    std::fill_n(s.buffer.data(), s.buffer.size(), std::byte{pattern});
  }
  static void verify(const slot& s) {
    const std::byte* const data = s.buffer.data();
    EBB_FUZZ_CHECK(
        std::all_of(data, data + s.buffer.size(), [&](std::byte b) { return b == std::byte{s.pattern}; }));
  }

  // The capacity of the smallest tier with room, or what was asked for where there is none.
  std::size_t capacity_for(std::size_t bytes) const {
    for (std::size_t i = 0; i < pool_.tier_count(); ++i) {
      if (pool_.tier_bytes(i) >= bytes) return pool_.tier_bytes(i);
    }
    return bytes;
  }

  void get(slot& s) {
    verify(s);
    const std::size_t bytes = some_size();
    s.buffer = pool_.get(bytes);
    EBB_FUZZ_CHECK(s.buffer.size() == bytes);
    EBB_FUZZ_CHECK(s.buffer.capacity() == capacity_for(bytes));
    EBB_FUZZ_CHECK(reinterpret_cast<std::uintptr_t>(s.buffer.data()) % options_.alignment == 0);
    settle(s, 0);
  }

  // What was added from `from` on is zero if it has to be.
  void settle(slot& s, std::size_t from) {
    if (options_.on_get == scrub::zero && s.buffer.size() > from) {
      const std::byte* const data = s.buffer.data();
      EBB_FUZZ_CHECK(
          std::all_of(data + from, data + s.buffer.size(), [](std::byte b) { return b == std::byte{0}; }));
    }
    fill(s, static_cast<std::uint8_t>(next_pattern_++ % 255 + 1));
  }

  void resize(slot& s) {
    const std::size_t before = s.buffer.size();
    const std::size_t bytes = some_size();
    if (s.buffer.data() == nullptr && bytes > 0) return;  // of no pool
    s.buffer.resize(bytes);
    const std::byte* const data = s.buffer.data();
    EBB_FUZZ_CHECK(std::all_of(data, data + std::min(before, bytes),
                               [&](std::byte b) { return b == std::byte{s.pattern}; }));
    settle(s, std::min(before, bytes));
  }

  // Buffers that are idle in the tiers larger than this.
  std::uint64_t idle_above(std::size_t capacity) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < pool_.tier_count(); ++i) {
      if (pool_.tier_bytes(i) > capacity) sum += pool_.tier_stats(i).idle;
    }
    return sum;
  }

  void detach(slot& s) {
    verify(s);
    detached_buffer own = std::move(s.buffer).detach();
    s.buffer = {};
    const std::uint8_t what = in_.byte();
    if (own.data == nullptr || what % 3 == 0) return;              // the user frees it
    if (what % 3 == 1) own.capacity -= what % (own.capacity + 1);  // as if it were smaller
    // By floor: nobody who asks for more than it has may find it.
    const std::size_t capacity = own.capacity;
    const std::uint64_t before = idle_above(capacity);
    pool_.put(std::move(own));
    EBB_FUZZ_CHECK(idle_above(capacity) == before);
  }

  void step() {
    const std::uint8_t what = in_.byte();
    slot& s = slots_[what / 16 % slots_.size()];
    switch (what % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: return get(s);
      case 5:
      case 6:
      case 7:
        verify(s);
        s.buffer = {};
        return;
      case 8: return resize(s);
      case 9: return detach(s);
      case 10: {
        slot& other = slots_[in_.byte() % slots_.size()];
        std::swap(s, other);
        return;
      }
      case 11:
        detail::percpu::fallback::place = {in_.below(4), detail::percpu::fallback::never_look};
        return;
      case 12:
        detail::fence_plan = in_.byte() % 4 == 0 ? 1 : 0;
        ebb::collect();
        detail::fence_plan = 0;
        return;
      case 13: {
        for (std::uint32_t n = in_.byte(); n > 0; --n) get(slots_[n % slots_.size()]);
        return;
      }
      default: {
        EBB_FUZZ_CHECK(pool_.idle_bytes() <= options_.max_idle_bytes);
        const pool_stats stats = pool_.stats();
        EBB_FUZZ_CHECK(stats.dropped_no_memory == 0);
        EBB_FUZZ_CHECK(options_.max_idle_bytes != unlimited || stats.dropped_over_budget == 0);
        return;
      }
    }
  }

  input& in_;
  const buffer_pool_options options_;
  buffer_pool pool_;
  std::array<slot, 16> slots_;
  std::uint32_t next_pattern_ = 0;
};

}  // namespace

void buffer_ops(std::span<const std::uint8_t> bytes) {
  static const bool ready = [] {
    ebb::set_cycle_period(std::chrono::milliseconds{0});
    return true;
  }();
  (void)ready;
  input in(bytes);
  buffer_world(in).run();
}

}  // namespace ebb::fuzz
