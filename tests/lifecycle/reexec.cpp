// reexec N: executes itself N times with pools that are warm and threads that use them, from the main
// thread and from another in turn. What the kernel knew of the process is gone each time, the membarrier
// registration too.
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string>
#include <thread>

#include <ebb/runtime_info.hpp>

#include "tokens.hpp"

namespace {

using ebb::test::token;
using ebb::test::wrong;

void use(ebb::object_pool<token>& pool) {
  ebb::pooled<token> held[50];
  for (auto& h : held) (h = pool.get())->take();
  for (auto& h : held) {
    h->give();
    h.reset();
  }
}

[[noreturn]] void execute(char** argv, int left) {
  std::string number = std::to_string(left);
  char* const arguments[] = {argv[0], number.data(), nullptr};
  (void)execv("/proc/self/exe", arguments);
  wrong("no exec: %s", std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  int left = -1;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), left).ec != std::errc{} ||
      left < 0) {
    std::fputs("reexec: the one argument is how often\n", stderr);
    return 2;
  }
  static ebb::object_pool<token> pool;
  for (int i = 0; i < 20; ++i) use(pool);
  ebb::collect();
  ebb::collect();
  if (pool.stats().idle != 0) wrong("%lu idle after two cycles", pool.stats().idle);
  const ebb::runtime_information info = ebb::runtime_info();
  if (info.cycles < 2 || info.cycles_abandoned != 0) wrong("%lu cycles abandoned", info.cycles_abandoned);
  if (left == 0) {
    std::puts("the last of them");
    return 0;
  }

  std::atomic<int> busy{0};
  for (int i = 0; i < 3; ++i) {
    std::thread([&busy, i, argv, left] {
      use(pool);
      ++busy;
      if (i == 0 && left % 2 == 0) {
        while (busy < 3) std::this_thread::yield();
        execute(argv, left - 1);
      }
      for (;;) use(pool);
    }).detach();
  }
  while (busy < 3) std::this_thread::yield();
  if (left % 2 != 0) execute(argv, left - 1);
  for (;;) pause();
}
