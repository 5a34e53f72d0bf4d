// forks N: N forks while others get, put and run cycles: from the main thread, from a worker, and from a
// destructor that a cycle runs. Each child must find every token at most once, none of them torn, all but
// what vanished threads held; and can use everything.
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include <ebb/runtime_info.hpp>

#include "tokens.hpp"

namespace {

using ebb::test::token;
using ebb::test::wrong;

constexpr int user_count = 3;
constexpr long most_held = 40;
constexpr long magazine = 62;  // what a thread may have in its hands in the middle of a miss, or of a cycle

ebb::object_pool<token>* pool = nullptr;
std::atomic<long> children{0};

// When the child that is waited for was made.
using clock = std::chrono::steady_clock;
std::atomic<clock::time_point> forked{clock::time_point::max()};

// A child is there for milliseconds, unless it hangs: the others need not burn the CPU until its alarm.
void rest_while_it_hangs() {
  while (forked.load() < clock::now() - std::chrono::milliseconds{500}) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
}

void use(int rounds) {
  ebb::pooled<token> held[most_held];
  for (int round = 0; round < rounds; ++round) {
    const int count = 1 + round % static_cast<int>(most_held);
    for (int i = 0; i < count; ++i) (held[i] = pool->get())->take();
    for (int i = 0; i < count; ++i) {
      held[i]->give();
      held[i].reset();
    }
  }
}

[[noreturn]] void be_a_child() {
  alarm(10);
  use(300);
  std::thread(use, 300).join();
  ebb::collect();
  const auto idle = static_cast<long>(pool->stats().idle);
  const std::vector<ebb::pooled<token>> all = ebb::test::take_all(*pool);
  const long found = static_cast<long>(all.size());
  if (found != idle) wrong("child: %ld idle, and %ld could be had", idle, found);
  const long gone = token::made - token::destroyed - found;
  if (gone < 0 || gone > user_count * (most_held + magazine) + 2 * magazine) {
    wrong("child: %ld tokens are neither idle nor destroyed", gone);
  }
  if (ebb::runtime_info().cycles_abandoned != 0) wrong("child: a cycle was abandoned");
  _exit(0);
}

void make_child(const char* where) {
  forked = clock::now();
  const pid_t child = fork();
  if (child < 0) wrong("no fork: %s", std::strerror(errno));
  if (child == 0) be_a_child();
  int status = 0;
  if (waitpid(child, &status, 0) != child) wrong("lost a child");
  forked = clock::time_point::max();
  if (WIFSIGNALED(status)) {
    wrong("a child forked %s %s", where, WTERMSIG(status) == SIGALRM ? "hangs" : "crashed");
  }
  if (WEXITSTATUS(status) != 0) wrong("a child forked %s failed", where);
  ++children;
}

struct forks_when_destroyed {
  ~forks_when_destroyed() { make_child("in a cycle"); }
};

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), count).ec != std::errc{} ||
      count < 5) {
    std::fputs("forks: the one argument is how many, 5 or more\n", stderr);
    return 2;
  }
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  {
    ebb::object_pool<token> of_tokens;
    pool = &of_tokens;
    std::atomic<bool> stop{false};
    std::vector<std::thread> busy;
    for (int i = 0; i < user_count; ++i) {
      busy.emplace_back([&] {
        while (!stop) {
          use(100);
          rest_while_it_hangs();
        }
      });
    }
    busy.emplace_back([&] {
      while (!stop) {
        ebb::collect();
        rest_while_it_hangs();
      }
    });
    for (int i = 0; i < count * 2 / 5; ++i) make_child("from main");
    std::thread([&] {
      for (int i = 0; i < count * 2 / 5; ++i) make_child("from a worker");
    }).join();
    ebb::object_pool<forks_when_destroyed> forking;
    for (int i = 0; i < count / 5; ++i) {
      forking.get().reset();
      while (forking.stats().destroyed() < static_cast<std::uint64_t>(i) + 1) ebb::collect();
    }
    stop = true;
    for (std::thread& t : busy) t.join();
    (void)ebb::test::check_all(of_tokens, 0);
  }
  if (token::made != token::destroyed)
    wrong("%ld made, %ld destroyed", token::made.load(), token::destroyed.load());
  std::printf("%ld children\n", children.load());
}
