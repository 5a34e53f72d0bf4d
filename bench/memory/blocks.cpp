// Raw memory, allocated and deallocated by the same thread.
#include <array>

#include "harness/keep.hpp"
#include "harness/random_sizes.hpp"
#include "memory_cases.hpp"
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
void add_case(std::vector<lineup>& all) {
  all.push_back(
      lineup_of<Case, std_synchronized, ebb_blocks, operator_new, ebb_blocks_direct, std_unsynchronized>(
          1));
  for (const unsigned threads : {2U, 4U}) {
    all.push_back(lineup_of<Case, std_synchronized, ebb_blocks, operator_new, ebb_blocks_direct>(threads));
  }
}

}  // namespace

void add_blocks(std::vector<lineup>& all) {
  add_case<blocks_64_case>(all);
  add_case<blocks_mix_case>(all);
  add_case<blocks_live_case>(all);
}

}  // namespace bench
