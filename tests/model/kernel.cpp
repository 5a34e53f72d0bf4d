// Memory from the kernel and from new, as a scenario sees it: always at the same addresses, back to how it
// was after each execution, and never to be touched by a thread that cannot know that it is there (yet, or
// still).
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "machine.hpp"

namespace ebb::model {

namespace {

struct block {
  std::uintptr_t begin, end;
  int owner = -1;  // who asked for it; -1: the set-up
  epoch since = 0;
  bool gone = false;
};

struct supply {
  char* const memory;
  const std::size_t capacity;
  std::size_t used = 0;
  std::vector<block> blocks{};
  std::size_t used_before = 0;
  std::vector<block> blocks_before{};
  std::vector<char> contents_before{};

  void* take(std::size_t bytes, std::size_t alignment) {
    used = (used + alignment - 1) / alignment * alignment;
    if (bytes > capacity - used) give_up("a scenario needs more memory than the checker has");
    const auto begin = reinterpret_cast<std::uintptr_t>(memory + used);
    used += bytes;
    block b{begin, begin + bytes};
    if (now == phase::running) {
      b.owner = this_thread();
      b.since = my_clock().knows[b.owner];
    }
    blocks.push_back(b);
    return reinterpret_cast<void*>(begin);
  }
  block* find(const void* at) {
    if (at < static_cast<void*>(memory) || at >= static_cast<void*>(memory + capacity)) return nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    const auto after = std::upper_bound(blocks.begin(), blocks.end(), address,
                                        [](std::uintptr_t a, const block& b) { return a < b.begin; });
    return after == blocks.begin() ? nullptr : &after[-1];
  }
  void check(const void* at, bool is_plain) {
    const block* const b = find(at);
    if (b == nullptr) return;
    if (b->gone) fail("memory is used that was given back");
    // An atomic operation may go through an address that is a guess, as those of peek_top() do: the address
    // itself came from somebody who has the memory.
    if (is_plain && b->owner >= 0 && b->owner != this_thread() && b->since > my_clock().knows[b->owner]) {
      fail("data race: plain use of memory by a thread that cannot know that it is there");
    }
  }
};

constexpr std::size_t mapped_bytes = 1 << 22;
constexpr std::size_t heap_bytes = 1 << 20;
alignas(4096) char mapped_memory[mapped_bytes];
alignas(4096) char heap_memory[heap_bytes];
supply mapped{mapped_memory, mapped_bytes};
supply heap{heap_memory, heap_bytes};

}  // namespace

void remember_mappings() {
  ++mapping_version;
  for (supply* s : {&mapped, &heap}) {
    s->used_before = s->used;
    s->blocks_before = s->blocks;
  }
  heap.contents_before.assign(heap.memory, heap.memory + heap.used);
}

void restore_mappings() {
  ++mapping_version;
  for (supply* s : {&mapped, &heap}) {
    s->used = s->used_before;
    s->blocks = s->blocks_before;
  }
  // Not all of it is in the notes: where a function's result of class type is stored, GCC does not say so.
  std::memcpy(heap.memory, heap.contents_before.data(), heap.contents_before.size());
}

void check_mapped(const void* at, bool is_plain) {
  mapped.check(at, is_plain);
  heap.check(at, is_plain);
}

void* allocate(std::size_t bytes, std::size_t alignment) { return heap.take(bytes, alignment); }

bool deallocate(void* at) {
  block* const b = heap.find(at);
  if (b == nullptr) return false;
  if (b->gone) fail("freed twice");
  ++mapping_version;
  b->gone = true;
  return true;
}

}  // namespace ebb::model

// What the production code calls instead of the functions of the system (symbols.txt).
extern "C" {

void* model_mmap(void*, std::size_t bytes, int, int, int, long) {
  return ebb::model::mapped.take(bytes, 4096);
}

int model_munmap(void* at, std::size_t) {
  if (ebb::model::block* const b = ebb::model::mapped.find(at)) b->gone = true;
  ++ebb::model::mapping_version;
  return 0;
}

// Somebody who still reads there may see either what was there, or zero.
int model_madvise(void* at, std::size_t bytes, int) {
  auto* const words = static_cast<std::uint64_t*>(at);
  for (std::size_t i = 0; i < bytes / 8; ++i) {
    if (words[i] == 0) continue;
    ebb::model::store(&words[i], 8, 0, std::memory_order_relaxed, std::source_location::current());
  }
  return 0;
}

int model_sched_yield() {
  ebb::model::yield(std::source_location::current());
  return 0;
}

// Gives memory that nobody else had in this execution, so that addresses repeat.
void* model_new(std::size_t bytes, std::size_t alignment) { return ebb::model::allocate(bytes, alignment); }
void model_delete(void* p) {
  if (p != nullptr) (void)ebb::model::deallocate(p);
}

}  // extern "C"

// The checker's own; the scenario and the standard library use those of main.cpp.
void* operator new(std::size_t bytes) {
  void* const p = std::malloc(bytes);
  if (p == nullptr) std::abort();
  return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
