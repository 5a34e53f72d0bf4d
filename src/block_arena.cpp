#include <ebb/detail/block_arena.hpp>

#include <sys/mman.h>

// Present when the program runs under LeakSanitizer: idle objects are reachable only from here.
extern "C" __attribute__((weak)) void __lsan_register_root_region(const void* begin, std::size_t bytes);

// ThreadSanitizer's, present in its builds only.
// NOLINTBEGIN(readability-identifier-naming): its names
extern "C" __attribute__((weak)) void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" __attribute__((weak)) void AnnotateIgnoreWritesEnd(const char* file, int line);
// NOLINTEND(readability-identifier-naming)

namespace ebb::detail {

namespace {

// ThreadSanitizer takes mmap() for a write to the whole range, and would report who guesses what a shard
// has loaded and looks into a magazine there, with no more order than the address itself (peek_top, then
// atomic reads). The kernel has mapped it for all CPUs before anybody can know the address.
void* map_lazily(std::size_t bytes) noexcept {
  if (&AnnotateIgnoreWritesBegin != nullptr) AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (&AnnotateIgnoreWritesEnd != nullptr) AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  return memory;
}

}  // namespace

atomic<std::uint32_t>& block_arena::note(std::uint32_t index) const noexcept {
  const place p = place_of(index);
  // Edge segment, acquire half.
  std::byte* const blocks = segments_[p.segment].load(std::memory_order_acquire);
  const std::size_t count = std::size_t{first_segment} << p.segment;
  return reinterpret_cast<atomic<std::uint32_t>*>(blocks + count * block_bytes_)[p.offset];
}

std::uint32_t block_arena::allocate() noexcept {
  std::uint32_t index =
      free_.pop([this](std::uint32_t i) { return note(i).load(std::memory_order_relaxed); });
  if (index == 0) {
    index = next_.load(std::memory_order_relaxed);  // relaxed: an index alone publishes nothing
    do {
      if (index > max_stack_index || !map_segment(place_of(index).segment)) return 0;
    } while (!next_.compare_exchange_weak(index, index + 1, std::memory_order_relaxed));
  }
  note(index).store(0, std::memory_order_relaxed);
  return index;
}

void block_arena::release(std::uint32_t index) noexcept {
  free_.push(index, [&](std::uint32_t below) {
    note(index).store(below, std::memory_order_relaxed);  // relaxed: published by the push
  });
}

void block_arena::discard(std::uint32_t index) noexcept {
  // Fails only for locked memory (mlockall), where keeping the pages is what the user asked for.
  (void)::madvise(at(index), block_bytes_, MADV_DONTNEED);
}

bool block_arena::map_segment(std::size_t segment) noexcept {
  static_assert(place_of(max_stack_index).segment < segment_count);
  atomic<std::byte*>& slot = segments_[segment];
  if (slot.load(std::memory_order_acquire) != nullptr) return true;  // edge segment, acquire half
  const std::size_t count = std::size_t{first_segment} << segment;
  const std::size_t bytes = count * (block_bytes_ + sizeof(atomic<std::uint32_t>));
  void* const memory = map_lazily(bytes);
  if (memory == MAP_FAILED) return false;
  std::byte* expected = nullptr;
  // Edge segment, release half (acquire half: at, note, and here).
  //   Publishes:   that the memory is mapped.
  //   If relaxed:  C++ does not say that a thread that finds the address finds the memory.
  //   Checked by:  the model checker, mutants segment-release and segment-acquire.
  if (!slot.compare_exchange_strong(expected, static_cast<std::byte*>(memory), std::memory_order_release,
                                    std::memory_order_acquire)) {
    (void)::munmap(memory, bytes);  // another thread was first; nobody has seen ours
    return true;
  }
  if (__lsan_register_root_region != nullptr) __lsan_register_root_region(memory, bytes);
  return true;
}

}  // namespace ebb::detail
