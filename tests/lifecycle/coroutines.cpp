// coroutines N: as fibers, with co_await: a token is taken on one thread and given back on another; N hops
// in all.
#include <charconv>
#include <coroutine>
#include <cstring>

#include "inbox.hpp"
#include "tokens.hpp"

namespace {

using ebb::test::token;
using ebb::test::wrong;

constexpr long coroutine_count = 32;

struct task {
  struct promise_type {
    task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { wrong("a coroutine threw"); }
  };
  std::coroutine_handle<promise_type> handle;
};

task work(ebb::object_pool<token>& pool, long hops) {
  ebb::pooled<token> kept[3];
  for (long n = 0; n < hops; ++n) {
    ebb::pooled<token>& one = kept[n % 3];
    if (one) one->give();
    one = pool.get();
    one->take();
    co_await std::suspend_always{};  // continues on the other thread
    // Enough that threads meet, if one works on the shard of the other.
    for (int pairs = 0; pairs < 40; ++pairs) {
      ebb::pooled<token> brief = pool.get();
      brief->take();
      brief->give();
    }
  }
  for (auto& one : kept) {
    if (one) one->give();
    one.reset();
  }
}

}  // namespace

int main(int argc, char** argv) {
  long hops = 0;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), hops).ec != std::errc{} ||
      hops < 1) {
    std::fputs("coroutines: the one argument is how many hops\n", stderr);
    return 2;
  }
  const long each = (hops + coroutine_count - 1) / coroutine_count;
  ebb::set_cycle_period(std::chrono::milliseconds{1});
  {
    ebb::object_pool<token> pool;
    std::vector<task> tasks;
    for (long i = 0; i < coroutine_count; ++i) tasks.push_back(work(pool, each));
    std::vector<task*> all;
    for (task& t : tasks) all.push_back(&t);
    ebb::test::run_on_two_threads(all, [](task& t) {
      t.handle.resume();
      return !t.handle.done();
    });
    for (task& t : tasks) t.handle.destroy();
    ebb::set_cycle_period(std::chrono::milliseconds{0});
    (void)ebb::test::check_all(pool, 0);
  }
  if (token::made != token::destroyed)
    wrong("%ld made, %ld destroyed", token::made.load(), token::destroyed.load());
  std::printf("%ld hops\n", each * coroutine_count);
}
