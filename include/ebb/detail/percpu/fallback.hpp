// The same operations with std::atomic only: the portable path, and the pseudo-code of every <arch>.hpp.
//
// A shard is guarded by a lock that is tried. Who finds it taken moves on to the next shard, so a
// preempted holder costs others locality and not time; when all are taken the operation is refused.
#pragma once

#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/shard.hpp>

namespace ebb::detail::percpu::fallback {

// Which shard this thread uses: one of those of the CPU it was on when it last looked, so that threads of
// different CPUs do not share a cache line. Asking each time would cost more than the operation itself.
// Several shards per CPU, because a thread preempted while it holds one would send all others of its CPU to
// the shards of the next (16 threads on 2 CPUs, ns per pair and thread: 750 with one shard per CPU, 155
// with four, 123 with eight; a loop of get and put, EBB_RSEQ=off, AMD Zen 5).
struct thread_place {
  std::uint32_t id = 0;
  std::uint32_t uses_left = 0;  // operations until it looks again
};
inline constexpr std::uint32_t shards_per_cpu = 4;
inline constexpr std::uint32_t uses_per_look = 64;
inline constexpr std::uint32_t never_look = ~std::uint32_t{0};  // for tests, which act as any id
EBB_API extern thread_local constinit thread_place place;
EBB_API void look(thread_place& of_this_thread) noexcept;

[[nodiscard]] inline std::uint32_t thread_id() noexcept {
  if (place.uses_left == 0) [[unlikely]]
    look(place);
  if (place.uses_left != never_look) --place.uses_left;
  return place.id;
}

class shard_lock {
 public:
  explicit shard_lock(shard& s) noexcept : shard_(&s) {
    // Edge shard-lock, acquire half (release half: ~shard_lock).
    //   Publishes:   top, the magazine's words, and what was written to its objects before put().
    //   If relaxed:  a thread pops an object it sees half-written, or the same object twice.
    //   Checked by:  the model checker, mutants shard-lock-release and shard-lock-acquire.
    if (s.lock.exchange(1, std::memory_order_acquire) != 0) shard_ = nullptr;
  }
  ~shard_lock() {
    if (shard_ != nullptr) shard_->lock.store(0, std::memory_order_release);  // edge shard-lock
  }
  shard_lock(const shard_lock&) = delete;
  shard_lock& operator=(const shard_lock&) = delete;
  [[nodiscard]] explicit operator bool() const noexcept { return shard_ != nullptr; }

 private:
  shard* shard_;
};

// The word below a magazine's first object is null. Word 1 may be read late by a depot's push, so it is
// read through the same kind of atomic that writes it.
inline bool is_sentinel(void** top) noexcept {
  return atomic_ref<void*>(*top).load(std::memory_order_relaxed) == nullptr;
}
inline bool is_next_block(void** top) noexcept { return magazine::word_of(top) == 0; }

// Runs `section` on one shard of the local bank, holding its lock. False if the shard is taken, or the bank
// is no longer local: like a critical section, this looks at it once more inside. The collector changes it,
// then takes each shard's lock; who gets the lock after that sees the change, and puts nothing where it has
// cleared.
template <class Section>
EBB_FAST_PATH bool on_shard(const atomic<shard*>& local, std::uint32_t id, Section& section,
                            result& out) noexcept {
  // Edge bank, acquire half (release half: pool_state::rotate): the bank's shards are initialised.
  shard* const base = local.load(std::memory_order_acquire);
  const shard_lock held{base[id]};
  if (!held || local.load(std::memory_order_acquire) != base) return false;
  out = section(base[id], id);
  return true;
}

// Whether it is worth while to try the shard's lock. An exchange that fails takes the cache line away from
// others that fail, and with many more threads than CPUs all shards may be taken by threads that are
// preempted.
inline bool seems_free(const atomic<shard*>& local, std::uint32_t id) noexcept {
  // Edge bank, acquire half. relaxed: the lock decides.
  return local.load(std::memory_order_acquire)[id].lock.load(std::memory_order_relaxed) == 0;
}

template <class Section>
EBB_SLOW_PATH result on_any_shard(const atomic<shard*>& local, std::uint32_t shards, std::uint32_t id,
                                  Section section) noexcept {
  result out = result::refused;
  for (std::uint32_t tried = 0; tried < shards; ++tried, ++id) {
    if (id >= shards) id = 0;
    if (!seems_free(local, id) || !on_shard(local, id, section, out)) continue;
    place.id = id;
    break;
  }
  return out;
}

// Runs `section` on the first shard, from this thread's own one on, that is not taken.
template <class Section>
EBB_FAST_PATH result with_shard(const atomic<shard*>& local, std::uint32_t shards,
                                Section section) noexcept {
  // A copy: a signal handler that finds this shard taken moves the thread's place on under our feet.
  const std::uint32_t id = thread_id();
  result out = result::refused;
  if (id < shards && on_shard(local, id, section, out)) [[likely]]
    return out;
  return on_any_shard(local, shards, id, section);
}

// The word at `offset` of this thread's element.
template <class Word>
atomic<Word>& word_of(void* elements, std::uint32_t shards, std::size_t offset) noexcept {
  std::byte* const element = static_cast<std::byte*>(elements) + place.id % shards * shard_bytes;
  return *reinterpret_cast<atomic<Word>*>(element + offset);
}

// relaxed loads and stores of `top`: ordered by the lock; atomic only because others take a peek.

inline result pop(const atomic<shard*>& local, std::uint32_t shards, void*& out) noexcept {
  return with_shard(local, shards, [&](shard& s, std::uint32_t) {
    void** const top = s.top.load(std::memory_order_relaxed);
    if (is_sentinel(top)) return result::refused;
    out = *top;
    s.top.store(top - 1, std::memory_order_relaxed);  // COMMIT
    return result::done;
  });
}

inline result push(const atomic<shard*>& local, std::uint32_t shards, void* object) noexcept {
  return with_shard(local, shards, [&](shard& s, std::uint32_t) {
    void** const top = s.top.load(std::memory_order_relaxed) + 1;
    if (is_next_block(top)) return result::refused;
    *top = object;
    s.top.store(top, std::memory_order_relaxed);  // COMMIT
    return result::done;
  });
}

inline std::size_t pop_n(const atomic<shard*>& local, std::uint32_t shards, void** out,
                         std::size_t wanted) noexcept {
  std::size_t count = 0;
  (void)with_shard(local, shards, [&](shard& s, std::uint32_t) {
    void** top = s.top.load(std::memory_order_relaxed);
    while (count < wanted && !is_sentinel(top)) out[count++] = *top--;
    s.top.store(top, std::memory_order_relaxed);  // COMMIT
    return result::done;
  });
  return count;
}

inline std::size_t push_n(const atomic<shard*>& local, std::uint32_t shards, void* const* objects,
                          std::size_t offered) noexcept {
  std::size_t count = 0;
  (void)with_shard(local, shards, [&](shard& s, std::uint32_t) {
    void** top = s.top.load(std::memory_order_relaxed);
    while (count < offered && !is_next_block(top + 1)) *++top = objects[count++];
    s.top.store(top, std::memory_order_relaxed);  // COMMIT
    return result::done;
  });
  return count;
}

inline result exchange_top(const atomic<shard*>& local, std::uint32_t shards, void** expected,
                           void** desired, std::uint32_t& id) noexcept {
  return with_shard(local, shards, [&](shard& s, std::uint32_t own) {
    if (s.top.load(std::memory_order_relaxed) != expected) return result::refused;
    id = own;
    s.top.store(desired, std::memory_order_relaxed);  // COMMIT
    return result::done;
  });
}

// Neither takes the lock, so both are read-modify-writes. relaxed: a count. Not inlined, so that a get that
// finds nothing saves no registers for it on the rseq path.
EBB_SLOW_PATH inline std::uint64_t add(void* const& elements, std::uint32_t shards, std::size_t offset,
                                       std::uint64_t n) noexcept {
  return word_of<std::uint64_t>(elements, shards, offset).fetch_add(n, std::memory_order_relaxed) + n;
}

inline void* exchange(void* const& elements, std::uint32_t shards, std::size_t offset,
                      void* value) noexcept {
  // Edge spare, both halves: who takes the magazine sees what its last owner left in it.
  return word_of<void*>(elements, shards, offset).exchange(value, std::memory_order_acq_rel);
}

}  // namespace ebb::detail::percpu::fallback
