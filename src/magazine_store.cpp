#include <ebb/detail/magazine_store.hpp>

namespace ebb::detail {

constinit const magazine no_magazine{};

constinit magazine_store the_magazine_store;

magazine* magazine_store::pop(empties& from) noexcept {
  const std::uint32_t index =
      from.stack.pop([this](std::uint32_t i) { return at(i)->below() & max_stack_index; });
  return index == 0 ? nullptr : at(index);
}

void magazine_store::push(magazine* block, empties& to) noexcept {
  to.stack.push(block->index(), [&](std::uint32_t below) { block->set_below(below); });
}

magazine* magazine_store::acquire_slow(std::uint32_t id) noexcept {
  for (std::uint32_t i = 0; i < shards_; ++i) {
    if (magazine* const block = pop(of(id + i))) return block;
  }
  return carve(id);
}

// A new page: one magazine for the caller, the others for its shard.
magazine* magazine_store::carve(std::uint32_t id) noexcept {
  const std::uint32_t page = pages_.allocate();
  if (page == 0 || page > max_stack_index / per_page) return nullptr;
  const std::uint32_t first = (page - 1) * per_page + 1;
  for (std::uint32_t i = 0; i < per_page; ++i) at(first + i)->set_index(first + i);
  for (std::uint32_t i = 1; i < per_page; ++i) push(at(first + i), of(id));
  return at(first);
}

// Takes all empties, and gives back the pages of which every magazine is among them. A few stay, so that
// a pool that fills and empties with each cycle does not pay for fresh pages each time.
void magazine_store::trim() noexcept {
  magazine* taken = nullptr;  // a private list, linked through word 0
  std::uint32_t complete = 0;
  for (std::uint32_t id = 0; id < shards_; ++id) {
    while (magazine* const block = pop(of(id))) {
      block->set_below(taken == nullptr ? 0 : taken->index());
      taken = block;
      // relaxed: notes of pages are only used here, by one thread at a time
      atomic<std::uint32_t>& seen = pages_.note(page_of(block->index()));
      const std::uint32_t count = seen.load(std::memory_order_relaxed) + 1;
      seen.store(count, std::memory_order_relaxed);
      if (count == per_page) ++complete;
    }
  }
  std::uint32_t to_discard = complete > pages_kept ? complete - pages_kept : 0;
  magazine* discarded = nullptr;  // first magazines of the pages to give back
  std::uint32_t id = 0;
  for (magazine* block = taken; block != nullptr;) {
    const std::uint32_t index = block->index();
    const std::uint32_t below = block->below();
    atomic<std::uint32_t>& seen = pages_.note(page_of(index));
    std::uint32_t state = seen.load(std::memory_order_relaxed);
    constexpr std::uint32_t chosen = per_page + 1;
    if (state == per_page && to_discard > 0) {
      --to_discard;
      seen.store(state = chosen, std::memory_order_relaxed);
    }
    if (state != chosen) {
      if (state != 0) seen.store(0, std::memory_order_relaxed);
      push(block, of(id++));
    } else if ((index - 1) % per_page == 0) {
      block->set_below(discarded == nullptr ? 0 : discarded->index());
      discarded = block;
    }
    block = below == 0 ? nullptr : at(below);
  }
  while (discarded != nullptr) {
    const std::uint32_t page = page_of(discarded->index());
    const std::uint32_t below = discarded->below();
    pages_.discard(page);
    pages_.release(page);
    discarded = below == 0 ? nullptr : at(below);
  }
}

}  // namespace ebb::detail
