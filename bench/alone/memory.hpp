// How the memory of a process follows its load. Says where it is, and goes on when it is told to:
//   start   the threads are there
//   full    after a line on standard input: together they hold BYTES of objects, written from end to end
//   empty   after another line: all of them are put back
// From then on one thread gets 10 objects and puts them every 10 ms, until standard input is closed.
// Whoever started the process samples its memory. Nobody calls cycle(): a system that has a clock of its
// own gives memory back, one without does not.
#pragma once

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "harness/team.hpp"
#include "tasks.hpp"

namespace bench {

// Pages straight from the kernel and straight back: where the task notes what it holds must not change what
// malloc() does with the objects (glibc's thresholds follow what is freed).
template <class T>
struct mapped_memory {
  using value_type = T;
  T* allocate(std::size_t n) {
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void* const pages = ::mmap(nullptr, n * sizeof(T), PROT_READ | PROT_WRITE, flags, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(pages);
  }
  void deallocate(T* pages, std::size_t n) { ::munmap(pages, n * sizeof(T)); }
  bool operator==(const mapped_memory&) const = default;
};

template <class System>
class memory_load {
 public:
  explicit memory_load(const memory_task& task) : crew_(task.threads), held_(task.threads) {
    const std::uint64_t objects = task.bytes / sizeof(payload);
    for (unsigned i = 0; i < task.threads; ++i) {
      held_[i].reserve(objects / task.threads + (i < objects % task.threads ? 1 : 0));
    }
  }

  void fill() {
    run([this](unsigned thread) {
      items& mine = held_[thread];
      while (mine.size() < mine.capacity()) {
        mine.push_back(system_.get());
        payload& object = *mine.back();
        std::ranges::fill(object.words, mine.size());
        keep(&object);
      }
    });
  }
  void drain() {
    run([this](unsigned thread) {
      for (item& object : held_[thread]) system_.put(object);
    });
  }
  void forget() { held_.clear(); }
  void work_lightly_until_input_ends() {
    run([this](unsigned thread) {
      if (thread != 0) return;
      auto next = std::chrono::steady_clock::now();
      do {
        std::array<item, 10> few;
        for (item& object : few) {
          object = system_.get();
          touch(*object, 1);
        }
        for (item& object : few) system_.put(object);
        next += std::chrono::milliseconds{10};
      } while (!input_ends_before(next));
    });
  }

 private:
  using item = typename System::item;
  using items = std::vector<item, mapped_memory<item>>;

  template <class Work>
  void run(Work work) {
    crew_.run([&](unsigned thread) {
      [[maybe_unused]] const auto scope = enter_thread(system_);
      work(thread);
    });
  }
  static bool input_ends_before(std::chrono::steady_clock::time_point next) {
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, std::max(0, static_cast<int>(left.count()))) <= 0) return false;
      char ignored[64];
      if (::read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return true;
    }
  }

  team crew_;
  System system_;
  std::vector<items> held_;
};

template <class System>
int run_task(const memory_task& task) {
  const auto say = [](const char* state) {
    std::puts(state);
    std::fflush(stdout);
  };
  memory_load<System> load(task);
  std::string line;
  say("start");
  if (!std::getline(std::cin, line)) return 0;
  load.fill();
  say("full");
  if (!std::getline(std::cin, line)) return 0;
  load.drain();
  say("empty");
  // By then whoever looks has seen what the pool has added to all that was there when it was full.
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  load.forget();
  load.work_lightly_until_input_ends();
  return 0;
}

}  // namespace bench
