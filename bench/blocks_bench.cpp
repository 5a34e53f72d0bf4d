// Raw memory, allocated and deallocated by the same thread.
#include <array>

#include "cases.hpp"
#include "harness/keep.hpp"
#include "harness/random_sizes.hpp"
#include "systems/blocks.hpp"

namespace bench {

namespace {

void write_to(void* block) {
  *static_cast<std::size_t*>(block) = 1;
  keep(block);
}

// One block of 64 bytes, given back at once.
struct blocks_64_case {
  static constexpr const char* name = "blocks_64";
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {};

  template <class System>
  static void run(System& system, state<System>&, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      void* const block = system.allocate(64);
      write_to(block);
      system.deallocate(block, 64);
    }
  }
};

// One block of a size that nobody foresees, given back at once.
struct blocks_mix_case {
  static constexpr const char* name = "blocks_mix";
  static constexpr std::size_t operations = 1;
  template <class System>
  struct state {
    random_sizes sizes;
  };

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    random_sizes sizes = mine.sizes;
    for (std::size_t i = 0; i < repeats; ++i) {
      const std::size_t bytes = sizes.between(8, 2048);
      void* const block = system.allocate(bytes);
      write_to(block);
      system.deallocate(block, bytes);
    }
    mine.sizes = sizes;
  }
};

// The same sizes, but 64 blocks live at a time, and the oldest is given back.
struct blocks_live_case {
  static constexpr const char* name = "blocks_live";
  static constexpr std::size_t operations = 1;
  struct live_block {
    void* start = nullptr;
    std::size_t bytes = 0;
  };
  template <class System>
  struct state {
    random_sizes sizes;
    std::array<live_block, 64> live{};
    System* system = nullptr;

    ~state() {
      for (const live_block& block : live) {
        if (block.start != nullptr) system->deallocate(block.start, block.bytes);
      }
    }
  };

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    mine.system = &system;
    random_sizes sizes = mine.sizes;
    for (std::size_t i = 0; i < repeats; ++i) {
      live_block& block = mine.live[i % mine.live.size()];
      if (block.start != nullptr) system.deallocate(block.start, block.bytes);
      block.bytes = sizes.between(8, 2048);
      block.start = system.allocate(block.bytes);
      write_to(block.start);
    }
    mine.sizes = sizes;
  }
};

template <class Case>
void register_blocks(const plan& p) {
  register_case<Case, versus<std_synchronized, operator_new>, ebb_blocks, ebb_blocks_direct>(p, {1, 2, 4});
  register_case<Case, versus<std_synchronized>, std_unsynchronized>(p, {1});
}

}  // namespace

void register_blocks(const plan& p) {
  register_blocks<blocks_64_case>(p);
  register_blocks<blocks_mix_case>(p);
  register_blocks<blocks_live_case>(p);
}

}  // namespace bench
